"""Startup settings that decide what names mean: on a role with rules they are judged as the SET that they stand for.

A rule that holds SET search_path would be nothing if a client could bring the same search path along. Nobody is asked
during the login, so what would be reviewed is refused there, and can be sent as SET. The others of ALLOWED_SETTINGS
change how values look and how long things take.
"""

from collections.abc import Mapping

from access.policy.shapes.statement_rules import StatementRule
from proxy.errors import AccessRefused
from proxy.postgres.sql.analysis import analyse
from proxy.sessions.session import LiveSession
from proxy.statements import StatementFacts, strictest
from storage.model import VerdictKind

#: Of ALLOWED_SETTINGS in handshake.py.
MEANING = ("search_path",)
_SEND_IT = "It is to be reviewed, and nobody can be asked during the login: connect without it, then send it as SET {}."


async def check_settings(session: LiveSession, settings: Mapping[str, str]) -> None:
    """Record those that matter, if they are allowed. Raises AccessRefused, which is on record too."""
    for name in MEANING:
        if name in settings and session.guarded:
            await _check(session, name, settings[name])


async def _check(session: LiveSession, name: str, value: str) -> None:
    facts = _facts(name, value)
    rule = strictest(session.role.statements, facts)
    if rule is not None and rule.verdict is VerdictKind.REVIEW:
        message = _SEND_IT.format(name)
        rule = StatementRule(name=rule.name, match=rule.match, verdict=VerdictKind.DENY, message=message)
    verdict = await session.authorize(facts, _nobody, refusal=rule)
    if not verdict.allowed:
        raise AccessRefused(f"Your client's startup parameter {name} was refused. {verdict.message}")


def _facts(name: str, value: str) -> list[StatementFacts]:
    """What SET would be found to do. A value that no literal can hold for certain is unparseable, and so refused."""
    literal = value.replace("'", "''")
    return [each.facts for each in analyse(f"set {name} = '{literal}'".encode("utf-8", "surrogateescape"))]


async def _nobody(_: str) -> None:
    """A denied statement waits for nobody."""
