"""What is fed to a command, and whether it is a password: here-documents, here-strings, echo in a pipeline. Pure."""

from collections.abc import Sequence
from enum import Enum, auto

from tree_sitter import Node

from proxy.shell.commands import Command, command_words, commands
from proxy.shell.documents import reader
from proxy.shell.known import is_known
from proxy.shell.programs import is_interpreter
from proxy.shell.wrappers import SHELLS
from proxy.showing.bash.changes import Change
from proxy.showing.bash.options import subcommand
from proxy.showing.bash.words import COMPUTED

#: They read a password from their input and nothing else.
_READERS = frozenset({"chpasswd", "cryptsetup", "kinit", "passwd"})
_LOGINS = frozenset({"buildah", "crane", "docker", "helm", "nerdctl", "oras", "podman", "skopeo"})
_BY_OPTION = ("--password-stdin", "--passphrase-fd", "--pinentry")


class Feeds(Enum):
    """What a command makes of its input, as far as its words tell."""

    DATA = auto()
    #: A shell that runs it.
    SCRIPT = auto()
    PASSWORD = auto()
    #: A password first; what follows may go to another program.
    PASSWORD_AND_MORE = auto()


def feeds(chain: Sequence[Command], defined: frozenset[str]) -> Feeds:
    """What the commands of one simple command (`sudo -S ls`) make of their input; `defined`: functions of the line."""
    if not chain or any(each.basename in defined or not each.name or not each.is_installed for each in chain):
        return Feeds.DATA
    inner = chain[-1]
    if inner.basename in SHELLS and inner.handed_on.unknown and None not in inner.words:
        return Feeds.SCRIPT
    if inner.basename in SHELLS and inner.scripts and _may_read(chain):
        return Feeds.PASSWORD_AND_MORE
    if inner.basename in SHELLS or is_interpreter(inner.basename):
        return Feeds.DATA
    if inner.basename in _READERS or _logs_in(inner):
        return Feeds.PASSWORD
    return Feeds.PASSWORD_AND_MORE if _may_read(chain) and is_known(inner.basename) else Feeds.DATA


def _logs_in(command: Command) -> bool:
    words = [COMPUTED if word is None else word for word in command.words]
    operands = subcommand(words)
    is_login = operands[:1] == ("login",) or operands in {("auth", "login"), ("registry", "login")}
    return command.basename in _LOGINS and is_login and "--password-stdin" in words


def passwords_in(command: Command, text: str) -> tuple[list[Change], bool]:
    """What of a text is the password to a command that reads one, and whether that is certain.

    A line of chpasswd names the account too, and says so once: what `echo -e` and printf make of a backslash may be
    another line.
    """
    if command.basename != "chpasswd":
        return [Change(0, len(text))], True
    found: list[Change] = []
    certain = "\\" not in text.removesuffix("\\n")
    at = 0
    for line in text.split("\n"):
        user, colon, password = line.partition(":")
        certain &= bool(colon) or not line
        if password or not colon:
            found.append(Change(at + (len(user) + 1 if colon else 0), at + len(line)))
        at += len(line) + 1
    return [each for each in found if each.start < each.end], certain


def _may_read(chain: Sequence[Command]) -> bool:
    if any(word and word.startswith(_BY_OPTION) for word in chain[-1].words):
        return True
    return any(
        word and word[:1] == "-" and word[1:2] != "-" and "S" in word
        for each in chain
        if each.basename == "sudo"
        for word in (argument.word for argument in each.own)
    )


def chain_of(node: Node | None) -> list[Command]:
    """The commands of a simple command's node, outermost first; nothing if it is none."""
    if node is not None and node.type == "redirected_statement":
        node = node.child_by_field_name("body")
    if node is None or node.type != "command" or not (words := command_words(node)):
        return []
    return list(commands(words))


def last_reader(redirect: Node) -> Node | None:
    """The command that a here-document ends in: `kinit` of `kinit <<E` and of `cat <<E | kinit`."""
    first = reader(redirect)
    chain = chain_of(first)
    if not chain or chain[0].name != "cat" or chain[0].arguments:
        return first
    pipeline = next((child for child in redirect.children if child.type == "pipeline"), None)
    return first if pipeline is None else next(iter(pipeline.named_children), None)
