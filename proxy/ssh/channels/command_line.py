"""One command line as a client asked for it: its facts, and what is refused of it on every role.

Refused are what no rule could judge (a command that is no UTF-8, or holds a NUL), and what would leave the gateway
(mosh).
"""

from dataclasses import dataclass
from typing import Final

from access.policy.labels import UNPARSEABLE
from access.policy.shapes.statement_rules import StatementRule
from proxy.showing.shell import facts_of, facts_of_unread
from proxy.statements import StatementFacts
from storage.model import VerdictKind

_NOT_UTF8: Final = StatementRule(
    name="not-utf-8",
    match=[UNPARSEABLE],
    verdict=VerdictKind.DENY,
    message=(
        "This command holds bytes that are no UTF-8, so Gatepass cannot tell what it runs, and it was not run. Write"
        " the file's name in UTF-8, or as a pattern that matches it (caf?.txt for a Latin-1 e-acute)."
    ),
)
_NUL: Final = StatementRule(
    name="nul",
    match=[UNPARSEABLE],
    verdict=VerdictKind.DENY,
    message="This command holds a NUL byte, on which hosts hang up, so it was not run. Write it without.",
)
_NO_MOSH: Final = StatementRule(
    name="no-mosh",
    match=["command:mosh-server"],
    verdict=VerdictKind.DENY,
    message=(
        "mosh talks to the host by UDP, past the gateway, where nothing is checked, masked or recorded, so it was not"
        " started. Use ssh; tmux or screen on the host keep your work when a connection breaks."
    ),
)


@dataclass(frozen=True)
class CommandLine:
    """What a client's exec request asks to run."""

    text: str
    is_utf8: bool = True

    @classmethod
    def of(cls, command: bytes) -> "CommandLine":
        """The command as text; bytes that are no UTF-8 stand in it as `\\xe9`."""
        try:
            return cls(command.decode())
        except UnicodeDecodeError:
            return cls(command.decode(errors="backslashreplace"), is_utf8=False)

    def facts(self) -> list[StatementFacts]:
        """What rules are asked about."""
        return facts_of(self.text) if self.is_utf8 else facts_of_unread(self.text)

    def refusal(self, facts: list[StatementFacts]) -> StatementRule | None:
        """The rule of Gatepass itself that refuses it, if one does."""
        if not self.is_utf8:
            return _NOT_UTF8
        if "\0" in self.text:
            return _NUL
        return _NO_MOSH if any("command:mosh-server" in each.labels for each in facts) else None
