"""The statements that make, lock and drop a session's role. Pure: names and values in, SQL out.

Every name is an identifier in double quotes and every value a literal without backslashes; nothing is put in otherwise.
They run in a transaction whose search path is pg_catalog alone.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

#: GRANT … WITH INHERIT and SET are known from here on, and who may create roles must have ADMIN on what it hands on.
SEPARATE_OPTIONS = 160_000

#: The session's own connection; what else the gateway asks for it, it asks by other accounts.
CONNECTIONS = 1


def identifier(name: str) -> str:
    """In double quotes. Raises ValueError for what no name can hold."""
    if not name or "\0" in name:
        raise ValueError("a name of PostgreSQL's is neither empty nor has it a null byte")
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A string constant that means the same whatever standard_conforming_strings is. Raises ValueError."""
    if "\0" in value:
        raise ValueError("a text of PostgreSQL's has no null byte")
    quoted = "'" + value.replace("'", "''").replace("\\", "\\\\") + "'"
    return f" E{quoted}" if "\\" in value else quoted


def begin(lock_timeout_ms: int) -> str:
    """A transaction in which names mean what they say, and which does not wait for long."""
    return f"begin; set local search_path = pg_catalog; set local lock_timeout = {lock_timeout_ms}"


def wait_at_most(lock_timeout_ms: int) -> str:
    """What comes after it on this connection waits no longer for a lock."""
    return f"set lock_timeout = {lock_timeout_ms}"


def create(name: str, verifier: str, until: datetime, comment: str) -> list[str]:
    """A role that may log in until then, and nothing else yet. `until` is aware."""
    moment = until.astimezone(UTC).isoformat(timespec="seconds")
    options = f"login inherit connection limit {CONNECTIONS}"
    return [
        f"create role {identifier(name)} {options} password {literal(verifier)} valid until {literal(moment)}",
        f"comment on role {identifier(name)} is {literal(comment)}",
    ]


def join(name: str, template: str) -> str:
    """Make it a member that has the template's rights and cannot become the template."""
    return f"grant {identifier(template)} to {identifier(name)} with inherit true, set false"


def leave(name: str, template: str) -> str:
    """No member any more: as one, it still has what it handed on, which REVOKE … CASCADE passes over then."""
    return f"revoke {identifier(template)} from {identifier(name)}"


def keep_setting(name: str, setting: str, value: str) -> list[str]:
    """Give the role a setting as its template has it, whatever its value is written like."""
    return [
        f"select pg_catalog.set_config({literal(setting)}, {literal(value)}, true)",
        f"alter role {identifier(name)} set {_setting(setting)} from current",
    ]


def _setting(name: str) -> str:
    """A parameter's name, which may have dots in it."""
    return ".".join(identifier(part) for part in name.split("."))


def lock(name: str) -> str:
    """Nobody logs in as it any more; who is in stays. It cannot change that itself, even if it changes its password."""
    return f"alter role {identifier(name)} nologin"


def belong_to_us(name: str, version: int) -> str:
    """Have the rights of the role ourselves: to end its connections, and to act on what it owns."""
    options = " with inherit true, set false" if version >= SEPARATE_OPTIONS else ""
    return f"grant {identifier(name)} to current_user{options}"


def become_us(name: str, version: int) -> str:
    """Let us act as the role itself, which its rights alone do not from PostgreSQL 16 on."""
    options = " with set true" if version >= SEPARATE_OPTIONS else ""
    return f"grant {identifier(name)} to current_user{options}"


def become(name: str) -> str:
    return f"set role {identifier(name)}"


#: After `become`.
OURSELVES = "reset role"


def roll_back_prepared(transaction: str) -> str:
    """By the name that PREPARE TRANSACTION gave it."""
    return f"rollback prepared {literal(transaction)}"


def hand_over_schema(schema: str, heir: str) -> str:
    return f"alter schema {identifier(schema)} owner to {identifier(heir)}"


def lend(schema: str, heir: str) -> str:
    """The right to create things there, without which nobody becomes their owner."""
    return f"grant create on schema {identifier(schema)} to {identifier(heir)}"


def take_back(schema: str, heir: str) -> str:
    return f"revoke create on schema {identifier(schema)} from {identifier(heir)}"


def reassign(name: str, heir: str) -> str:
    return f"reassign owned by {identifier(name)} to {identifier(heir)}"


def drop_owned(name: str) -> str:
    """What it owns, its default privileges too; of what was granted to it, what nobody else granted."""
    return f"drop owned by {identifier(name)}"


def drop(name: str) -> str:
    return f"drop role {identifier(name)}"


def joined(statements: Iterable[str]) -> str:
    """One query of all of them."""
    return "; ".join(statements)


def names(values: Sequence[str]) -> str:
    """A list of identifiers."""
    return ", ".join(identifier(value) for value in values)
