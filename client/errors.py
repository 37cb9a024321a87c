"""What a command says when it does not do what it was asked, and the status it exits with. Pure.

The statuses are those of sysexits(3) where it has one, so that they are told from what `psql` and `ssh` exit with.
"""

from typing import Final

#: The command line cannot be read.
USAGE: Final = 64
#: Nobody is signed in here, or it is too long ago.
SIGNED_OUT: Final = 67
#: The server, or its storage, is not there.
UNAVAILABLE: Final = 69
#: A file cannot be written or read.
FILES: Final = 73
#: Nobody decided in time.
UNDECIDED: Final = 75
#: What answers is not what it says it is.
UNTRUSTED: Final = 76
#: Refused: by the policy, by a reviewer, by the end of an access.
REFUSED: Final = 77
#: There is no server that is known.
NO_SERVER: Final = 78
#: The program that was to be started is not on this machine (as sh(1) has it).
NO_PROGRAM: Final = 127
INTERRUPTED: Final = 130


class Failed(Exception):
    """The message is one or more sentences for the person; `status` is what the command exits with."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def usage(message: str) -> Failed:
    return Failed(message, USAGE)


def shown(text: str) -> str:
    """Text of others on a terminal: what would steer it stands there as `?`; line ends are kept."""
    return "".join(each if each.isprintable() or each == "\n" else "?" for each in text)
