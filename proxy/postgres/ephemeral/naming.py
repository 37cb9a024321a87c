"""Names of the roles that live as long as a session, and what each says of itself. Pure.

A name has who and which session, in the 63 bytes that PostgreSQL keeps of one: `gp_alice_<session, 32 hex digits>`.
What else has to be known of the role stands in its comment, which only who makes roles may write.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

PREFIX = "gp_"
#: What the session's digits and the two underscores leave of PostgreSQL's 63 bytes.
LONGEST_PERSON = 63 - len(PREFIX) - 1 - 32

_ROLE = re.compile(rf"{PREFIX}(?P<person>[a-z0-9._-]{{1,{LONGEST_PERSON}}})_(?P<session>[0-9a-f]{{32}})")
_UNPRINTED = re.compile(r"[^a-z0-9._-]")
#: Marks a comment as ours.
_BY = "gatepass"


def role_name(person: str, session: UUID) -> str:
    """`gp_<person>_<session>`: the person in plain characters and cut, the session whole: no two are the same."""
    plain = _UNPRINTED.sub("_", person.lower())[:LONGEST_PERSON] or "_"
    return f"{PREFIX}{plain}_{session.hex}"


def application_name(person: str, session: UUID) -> str:
    """`gatepass:<person>:<session>`, in 63 bytes of ASCII; the server's log and pg_stat_activity show it."""
    rest = f":{session}"
    return f"gatepass:{_UNPRINTED.sub('_', person.lower())[: 63 - len('gatepass:') - len(rest)]}{rest}"


def session_of(name: str) -> UUID | None:
    """The session that a role's name says it is of; None for every role that is not named like ours."""
    match = _ROLE.fullmatch(name)
    return UUID(hex=match["session"]) if match else None


@dataclass(frozen=True)
class Provenance:
    """What a role's comment says: whose it is, where it may own something, and who gets that."""

    person: str
    session: UUID
    resource: str
    #: The one database that its session was in.
    database: str
    #: The role that what it owns goes to; None: what it owns is dropped with it.
    heir: str | None

    def comment(self) -> str:
        """In one line of JSON."""
        fields = {
            "by": _BY,
            "person": self.person,
            "session": str(self.session),
            "resource": self.resource,
            "database": self.database,
            "heir": self.heir,
        }
        return json.dumps(fields, ensure_ascii=True)


def provenance(name: str, comment: str) -> Provenance | None:
    """What is known of a role; None unless name and comment agree that Gatepass made it."""
    try:
        read: Any = json.loads(comment)
    except (ValueError, RecursionError):
        return None
    if not isinstance(read, dict):
        return None
    fields = cast("dict[str, Any]", read)
    session = session_of(name)
    texts = [fields.get(key) for key in ("person", "resource", "database")]
    heir = fields.get("heir")
    if fields.get("by") != _BY or session is None or fields.get("session") != str(session):
        return None
    if not all(isinstance(text, str) for text in texts) or not (heir is None or isinstance(heir, str)):
        return None
    person, resource, database = cast("list[str]", texts)
    return Provenance(person, session, resource, database, heir)
