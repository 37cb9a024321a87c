"""What a client asked one channel for: a shell, a command or a subsystem, and with what around it.

Of the first request alone: a later one on the same channel is refused, and must not replace what was judged.
"""

import asyncio
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from access.policy.labels import ShellLabel
from access.policy.shapes.roles import Files, Role, SshFeature
from access.policy.shapes.statement_rules import StatementRule
from proxy.aside import aside
from proxy.ssh.channels.command_line import CommandLine
from proxy.ssh.channels.kind import Kind, kind_of
from proxy.statements import StatementFacts
from storage.model import VerdictKind

#: Environment that a client may set upstream, where the upstream's own AcceptEnv allows it.
ENVIRONMENT: Final = frozenset({b"LANG", b"LANGUAGE", b"TERM", b"COLORTERM", b"NO_COLOR", b"TZ", b"GIT_PROTOCOL"})
MAX_ENVIRONMENT_VALUE: Final = 256
#: POSIX's and glibc's names of categories, and what iTerm2 tells.
_CATEGORIES: Final = frozenset(
    b"LC_" + name
    for name in (
        *(b"ALL", b"COLLATE", b"CTYPE", b"MESSAGES", b"MONETARY", b"NUMERIC", b"TIME"),
        *(b"ADDRESS", b"IDENTIFICATION", b"MEASUREMENT", b"NAME", b"PAPER", b"TELEPHONE"),
        *(b"TERMINAL", b"TERMINAL_VERSION"),
    )
)
#: Names of locales in UTF-8 (locale(7)): in another character set the host's shell reads other commands than judged.
_LOCALE: Final = re.compile(rb"(?:C|POSIX|(?:(?:C|[a-z]{2,3}(?:_[A-Z]{2})?)\.)?[uU][tT][fF]-?8(?:@[a-z]+)?)?")
#: Versions and the like: `1`, `truecolor`, `24bit`.
_NAME: Final = re.compile(rb"(?:[A-Za-z0-9][A-Za-z0-9_.@:,+-]*)?")
_SHAPES: Final = {
    b"LANGUAGE": re.compile(rb"(?:[a-z]{2,3}(?:_[A-Z]{2})?(?:@[a-z]+)?(?::|$))*"),
    b"LC_TERMINAL": re.compile(rb"(?:[A-Za-z]*[Tt]erm[0-9]*)?"),
    b"LC_TERMINAL_VERSION": re.compile(rb"(?:[0-9]+(?:\.[0-9a-z]+)*)?"),
    # terminfo's names (term(7)).
    b"TERM": re.compile(rb"(?:[A-Za-z0-9][A-Za-z0-9_.+-]*)?"),
    # POSIX, 8.3, and names of zones, whose parts begin with capitals.
    b"TZ": re.compile(rb"(?::?(?:[A-Z]|<[A-Z0-9+-]+>)[A-Za-z0-9_+,.:<>-]*(?:/[A-Z0-9][A-Za-z0-9_+,.:-]*)*)?"),
    # git(1): keys, perhaps with values.
    b"GIT_PROTOCOL": re.compile(rb"(?:[a-z0-9]+(?:=[a-z0-9]+)?(?::[a-z0-9]+(?:=[a-z0-9]+)?)*)?"),
}
#: What the shell takes away when it makes words of a line.
_PARTS_OF_WORDS: Final = re.compile(r"""[\\'"\n]""")
_BRACES: Final = re.compile(r"\{(?:[^{},.]|\.(?!\.))*+(?:,|\.\.)[^{}]*+\}")
_WORDS: Final = re.compile(r"\w+")
#: Programs and files that tell variables of any name, or what they say of the terminal.
_TELLING: Final = frozenset(
    {
        *("env", "printenv", "set", "declare", "typeset", "export", "readonly", "local"),
        *("compgen", "environ", "tput", "stty"),
    }
)
#: Variables of one channel.
MAX_ENVIRONMENT: Final = 128

#: Longer command lines are analysed in a thread, so that other sessions go on. A character costs up to a tenth of a
#: millisecond: `a|a|a|` of four kilobytes takes a third of a second.
MAX_INLINE_COMMAND: Final = 128
#: Longer ones take more than others should wait for.
MAX_SHORT_COMMAND: Final = 1024

_NO_FILES: Final = StatementRule(
    name="files",
    match=[ShellLabel.TRANSFER],
    verdict=VerdictKind.DENY,
    message=(
        "This role moves no files (`files: deny`), so nothing was run. Ask for a role that does, or read what you need"
        " as text."
    ),
)


@dataclass
class Asked:
    """One channel's request, as far as it was made."""

    feature: SshFeature = SshFeature.SHELL
    command: CommandLine | None = None
    subsystem: str | None = None
    terminal: bool = False
    environment: list[tuple[bytes | str, bytes | str]] = field(default_factory=list[tuple[bytes | str, bytes | str]])
    #: Found along with the facts, where those are found aside.
    _kind: Kind | None = field(default=None, init=False)

    @property
    def line(self) -> str:
        """The command line that is to run; empty: none."""
        return "" if self.command is None else self.command.text

    async def facts(self, turn: asyncio.Lock) -> list[StatementFacts]:
        """What rules are asked about. `turn` is its session's: of each one long command at a time is read."""
        if self.command is not None and len(self.command.text) > MAX_INLINE_COMMAND:
            async with turn:
                is_long = len(self.command.text) > MAX_SHORT_COMMAND
                return await aside(functools.partial(self._read, self.command), is_long=is_long)
        if self.command is not None:
            return self.command.facts()
        kind = self.feature.value
        labels = {kind, ShellLabel.TRANSFER.value} if self.feature is SshFeature.SFTP else {kind}
        return [StatementFacts(text=kind, kind=kind, labels=frozenset(labels))]

    def _read(self, command: CommandLine) -> list[StatementFacts]:
        facts = command.facts()
        self._kind = self.kind(facts)
        return facts

    def kind(self, facts: list[StatementFacts]) -> Kind:
        """What the channel will carry."""
        if self._kind is not None:
            return self._kind
        if self.feature is SshFeature.SFTP:
            return Kind.SFTP
        if self.command is None:
            return Kind.TERMINAL if self.terminal else Kind.TEXT
        labels = frozenset[str]().union(*(each.labels for each in facts))
        return kind_of(self.command.text, labels, terminal=self.terminal)

    def refusal(self, role: Role, facts: list[StatementFacts]) -> StatementRule | None:
        """The rule of Gatepass itself that refuses it, if one does."""
        if self.command is not None and (rule := self.command.refusal(facts)):
            return rule
        moves = any(ShellLabel.TRANSFER in each.labels for each in facts)
        return _NO_FILES if moves and role.files is Files.DENY else None


def allowed_environment(given: Mapping[bytes, bytes], command: str = "") -> list[tuple[bytes | str, bytes | str]]:
    """What of a client's environment goes along with `command`: nothing that would be a word of it."""
    return [
        (name, value)
        for name, value in given.items()
        if may_be_set(name) and is_plain(name, value) and not is_chosen_word(name, command)
    ]


def is_chosen_word(name: bytes, command: str) -> bool:
    """Whether a command may use a variable to which its client can give any word: `rm -rf $TERM` is approved without.

    It errs on the side of yes: quotes, escapes and lines may part the name in a script that is handed on, braces may
    make it (`$TE{RM,ST}`), and some programs tell every variable, or what a terminal is called.
    """
    if _is_locale(name):
        return False
    if "$'" in command or name.decode() in _PARTS_OF_WORDS.sub("", command):
        return True
    if "$" in command and _BRACES.search(command) is not None:
        return True
    is_substituted = "$(" in command or "`" in command
    return is_substituted and not _TELLING.isdisjoint(_WORDS.findall(command))


def may_be_set(name: bytes) -> bool:
    """Whether a client may set this variable at all."""
    return name in ENVIRONMENT or name in _CATEGORIES


def is_plain(name: bytes, value: bytes) -> bool:
    """Whether the value is of the shape that such variables have: nobody judges what a command makes of it.

    `rm -r $LC_DIR` is approved without it, so that no path, no option and no second word may stand there.
    """
    shape = _LOCALE if _is_locale(name) else _SHAPES.get(name, _NAME)
    return len(value) <= MAX_ENVIRONMENT_VALUE and shape.fullmatch(value) is not None


def _is_locale(name: bytes) -> bool:
    return name == b"LANG" or (name.startswith(b"LC_") and name not in _SHAPES)
