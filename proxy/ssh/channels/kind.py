"""What kind of thing a channel carries, which decides what may become of its bytes.

A terminal and text are masked. A transfer is never altered: it passes, or it ends. Text that turns out to be none
becomes a transfer when it does.
"""

from collections.abc import Collection
from enum import StrEnum

from access.policy.labels import ShellLabel
from proxy.shell.commands import command_words
from proxy.shell.options import has_option
from proxy.syntax.bash import parse


class Kind(StrEnum):
    TERMINAL = "terminal"
    TEXT = "text"
    #: A stream of a program's own: rsync, git, tar, borg.
    STREAM = "stream"
    #: Files by a protocol that is followed.
    SFTP = "sftp"
    SCP_SENDS = "scp, the host sends"
    SCP_TAKES = "scp, the host takes"

    @property
    def is_transfer(self) -> bool:
        return self not in {Kind.TERMINAL, Kind.TEXT}


def kind_of(command: str, labels: Collection[str], *, terminal: bool) -> Kind:
    """The kind of an exec request's channel; `labels` are the judge's, of the whole line."""
    if terminal:
        return Kind.TERMINAL
    if ShellLabel.TRANSFER not in labels:
        return Kind.TEXT
    name, words = _alone(command)
    if name == "sftp-server":
        return Kind.SFTP
    if name == "scp" and has_option(words, "f", "") is not has_option(words, "t", ""):
        return Kind.SCP_SENDS if has_option(words, "f", "") else Kind.SCP_TAKES
    return Kind.STREAM


def _alone(line: str) -> tuple[str, list[str | None]]:
    """The name and words of the one command that the line is; no name where it is more than that."""
    commands = parse(line).children
    if len(commands) != 1 or commands[0].type != "command":
        return "", []
    head, *arguments = command_words(commands[0])
    return (head.word or "").rpartition("/")[2], [argument.word for argument in arguments]
