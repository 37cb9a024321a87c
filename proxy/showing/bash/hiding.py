"""What is hidden of a command line: literal words that stand as a secret's value, and nothing that runs. Pure.

Names of commands, targets of redirections, expansions and substitutions are never touched. A script inside a word
(`bash -c '…'`) is read as a script and hidden by the same rules, word by word.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tree_sitter import Node

from proxy.shell.commands import Argument, Command, command_words, commands, target
from proxy.shell.documents import plain_body, reader
from proxy.shell.handed_on import NOTHING
from proxy.shell.known import PLAIN
from proxy.shell.prefixes import PREFIXES
from proxy.shell.tables.languages import LANGUAGES
from proxy.shell.wrappers import hands_on
from proxy.showing.bash.changes import HIDDEN, Change, disjoint, moved
from proxy.showing.bash.credentials import (
    assigned_values,
    is_credential_header,
    is_secret_name,
    password_in_url,
    takes_variable,
)
from proxy.showing.bash.literals import Literal, literals
from proxy.showing.bash.named import named_values
from proxy.showing.bash.options import secret_values
from proxy.showing.bash.overhearing import acts_by_words, is_filter, overhears
from proxy.showing.bash.patterns import is_opaque, secrets_in
from proxy.showing.bash.places import characters, plain_parts, tabs
from proxy.showing.bash.readers import Feeds, chain_of, feeds, last_reader, passwords_in
from proxy.showing.bash.words import COMPUTED, rewritten
from proxy.syntax.bash import nodes, parse, source

#: Scripts inside scripts.
MAX_DEPTH = 8

_ECHOES = frozenset({"echo", "printf"})
_DATABASE_CLIENTS = frozenset({"mariadb", "mysql", "psql"})


@dataclass
class Hiding:
    """What is hidden of one script, in characters of it."""

    changes: list[Change] = field(default_factory=list[Change])
    #: Something other than a card's number; and a card's number, whose last digits stay.
    hides: bool = False
    hides_card: bool = False
    #: Something that no program is known to take for a secret, whose values its reader is not to act on.
    unproven: bool = False
    #: Something that may be written to where it is run later: it is printed, or unproven.
    hides_text: bool = False
    #: Something that is printed, and so read by whatever stands behind it in a pipeline.
    prints: bool = False
    #: Something inside SQL, which nobody reads as a tree here.
    hides_sql: bool = False
    #: Something stands in the script that might read what is hidden, and act on it.
    overheard: bool = False


def hide(script: str, *, evaluates: bool, depth: int = MAX_DEPTH) -> Hiding:
    """What is hidden of a script that can be read whole; `evaluates`: its shell runs text that is not seen."""
    return _Script(script, evaluates=evaluates, depth=depth).read()


class _Script:
    def __init__(self, script: str, *, evaluates: bool, depth: int) -> None:
        self._script = script
        self._evaluates = evaluates
        self._depth = depth
        self._root = parse(script)
        self._nodes = list(nodes(self._root))
        self._defined = frozenset(_defined(self._nodes))
        self._words = literals(self._root)
        self._ends = None if script.isascii() else characters(script)
        self._hiding = Hiding()

    def read(self) -> Hiding:
        if self._root.has_error:
            return self._hiding
        for node in self._nodes:
            self._settle(node)
        for node in self._nodes:
            self._visit(node)
        for word in self._words.values():
            self._finish(word)
        if self._depth == MAX_DEPTH:
            self._hiding.changes += [Change(self._at(start), self._at(end), " ") for start, end in tabs(self._root)]
        self._hiding.changes = disjoint(self._hiding.changes)
        self._hiding.unproven |= self._hiding.prints and not all(map(_only_filters, self._nodes))
        self._hiding.overheard |= overhears(self._root)
        return self._hiding

    # --- which words are what ---------------------------------------------------------------------------------------

    def _settle(self, node: Node) -> None:
        """Names and targets are no literals to hide."""
        match node.type:
            case "command_name" | "function_definition":
                children = node.children[:1] if node.type == "command_name" else [node.child_by_field_name("name")]
            case "file_redirect":
                children = [target(node)]
            case _:
                return
        for child in children:
            if child is not None and child.id in self._words:
                self._words[child.id].settled = True

    def _visit(self, node: Node) -> None:
        match node.type:
            case "command":
                self._simple(node)
            case "variable_assignment":
                self._assignment(node)
            case "pipeline":
                self._pipeline(node)
            case "heredoc_redirect":
                self._document(node)
            case "herestring_redirect":
                self._here_string(node)
            case "comment":
                self._add(secrets_in(source(node), loose=True), node.start_byte)
            case _:
                pass

    def _simple(self, node: Node) -> None:
        words = command_words(node)
        chain = list(commands(words)) if words else []
        for command in chain:
            if (name := self._words.get(command.head.node.id)) is not None:
                name.settled = True
                if command.is_inner:
                    # `time NAME=value psql`, which is a wrapper's word to everybody but bash.
                    for _, change in assigned_values([name.text]):
                        _hide(name, change, loose=False)
            self._options(command, chain)
            for group in command.scripts:
                self._inner_script(group)

    def _options(self, command: Command, chain: Sequence[Command]) -> None:
        if not self._is_plain(command):
            return
        own = [self._words.get(argument.node.id) for argument in command.own]
        texts = [COMPUTED if word is None else word.text for word in own]
        # Behind a word that may become several, options among them, nobody can tell what is whose value.
        known = next((index for index, word in enumerate(own) if word is None or word.may_split), len(own))
        for index, change, certain in secret_values(command.basename, texts):
            _hide(own[index], change, loose=False, proven=certain and index <= known)
        for index, word in enumerate(own[: known + 1]):
            if word is not None and (password := password_in_url(command.basename, texts, index)) is not None:
                word.proven.append(password)
        if command.basename in PREFIXES and PREFIXES[command.basename].assignments:
            for index, change in assigned_values(texts):
                variable = texts[index].partition("=")[0]
                _hide(own[index], change, loose=self._evaluates, proven=self._takes(chain, variable))
        if not _reads_options(command):
            for word in [each for each in own if each is not None]:
                word.operand = _acts_on(command.basename, word.text)
                word.printed = command.basename in _ECHOES
            return
        for index, change in named_values(texts):
            _hide(own[index], change, loose=self._evaluates)
        for index, word in enumerate(own):
            if word is None:
                continue
            word.loose = self._evaluates
            if index <= known and is_credential_header(command.basename, texts, index):
                _prove(word)
            if command.basename in _DATABASE_CLIENTS and re.search(r"\s", word.text):
                self._hiding.hides_sql |= bool(secrets_in(word.text, loose=False))

    def _is_plain(self, command: Command) -> bool:
        """Whether it is a program of the host by the name that is seen."""
        return bool(command.name) and command.is_installed and command.basename not in self._defined

    def _takes(self, chain: Sequence[Command], variable: str) -> bool:
        """Whether a variable that stands before a command is a secret to the program that is run in the end."""
        return all(map(self._is_plain, chain)) and bool(chain) and takes_variable(chain[-1].basename, variable)

    def _inner_script(self, group: Sequence[Argument]) -> None:
        words = [word for argument in group if (word := self._words.get(argument.node.id)) is not None]
        script = " ".join(word.text for word in words)
        if len(words) < len(group) or COMPUTED in script or self._depth == 0:
            return
        inner = hide(script, evaluates=self._evaluates, depth=self._depth - 1)
        self._merge(inner)
        start = 0
        for word in words:
            end = start + len(word.text)
            word.changes = [
                Change(max(each.start - start, 0), min(each.end, end) - start, each.new)
                for each in inner.changes
                if each.start < end and each.end > start
            ]
            # What its script hides is merged above.
            word.settled = True
            _prove(word)
            start = end + 1

    def _assignment(self, node: Node) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        word = None if value is None else self._words.get(value.id)
        if name is None or word is None or not is_secret_name(source(name)):
            return
        word.hide_all(loose=self._evaluates)
        before = node.parent if node.parent is not None and node.parent.type == "command" else None
        if self._takes(chain_of(before), source(name)):
            _prove(word)

    # --- what is fed to commands ------------------------------------------------------------------------------------

    def _pipeline(self, node: Node) -> None:
        for before, after in pairwise(node.named_children):
            chain, made = chain_of(before), feeds(chain_of(after), self._defined)
            if not chain or chain[0].basename not in _ECHOES - self._defined:
                continue
            if made in {Feeds.PASSWORD, Feeds.PASSWORD_AND_MORE}:
                for argument in chain[0].arguments:
                    word = self._words.get(argument.node.id)
                    if word is not None and word.text[:1] != "-":
                        self._feed(word, chain_of(after)[-1], made)

    def _here_string(self, node: Node) -> None:
        word = next((self._words[child.id] for child in node.children if child.id in self._words), None)
        chain = chain_of(reader(node))
        if word is None or not chain:
            return
        made = feeds(chain, self._defined)
        if made is Feeds.SCRIPT:
            self._inner_script([Argument(word.text, word.node)])
        elif made is not Feeds.DATA:
            self._feed(word, chain[-1], made)

    def _feed(self, word: Literal, command: Command, made: Feeds) -> None:
        found, certain = passwords_in(command, word.text)
        word.hide(found, loose=made is Feeds.PASSWORD_AND_MORE and COMPUTED not in word.text)
        if certain and _takes_all(command, made):
            _prove(word)
        elif word.changes:
            self._hiding.unproven = True

    def _document(self, node: Node) -> None:
        body = next((child for child in node.children if child.type == "heredoc_body"), None)
        if body is None:
            return
        chain = chain_of(last_reader(node))
        made = feeds(chain, self._defined)
        text = plain_body(node)
        if made is Feeds.SCRIPT and text is not None and self._depth:
            inner = hide(text, evaluates=self._evaluates, depth=self._depth - 1)
            self._merge(inner)
            self._add(inner.changes, body.start_byte)
        elif made in {Feeds.PASSWORD, Feeds.PASSWORD_AND_MORE} and text is not None:
            passwords, certain = passwords_in(chain[-1], text.rstrip("\n"))
            found = passwords if made is Feeds.PASSWORD or is_opaque(text.strip()) else []
            self._hiding.unproven |= bool(found) and not (certain and _takes_all(chain[-1], made))
            self._add(found, body.start_byte)
        else:
            for start, part in plain_parts(body):
                found = secrets_in(part, loose=True)
                self._hiding.hides_text |= bool(found)
                self._hiding.prints |= bool(found)
                self._hiding.unproven |= bool(found) and not (chain and is_filter(chain[-1]))
                self._add(found, start)

    # --- the result -------------------------------------------------------------------------------------------------

    def _finish(self, word: Literal) -> None:
        word.look_inside()
        changes = disjoint(word.changes)
        written = list(rewritten(word.pieces, changes))
        hidden = [each for each in changes if not _is_card(each)] if written else []
        self._hiding.hides_card |= bool(written) and len(hidden) < len(changes)
        if hidden:
            self._hiding.hides = True
            unproven = not all(map(word.is_proven, hidden))
            self._hiding.hides_text |= unproven
            self._hiding.unproven |= unproven and not word.printed
            self._hiding.prints |= unproven and word.printed
        for piece, new in written:
            self._hiding.changes.append(Change(self._at(piece.start), self._at(piece.end), new))

    def _add(self, changes: Sequence[Change], start_byte: int) -> None:
        self._hiding.hides |= bool(changes)
        self._hiding.hides_card |= any(map(_is_card, changes))
        self._hiding.changes += moved(changes, self._at(start_byte))

    def _merge(self, inner: Hiding) -> None:
        self._hiding.hides |= inner.hides
        self._hiding.hides_card |= inner.hides_card
        self._hiding.hides_text |= inner.hides_text
        self._hiding.prints |= inner.prints
        self._hiding.hides_sql |= inner.hides_sql
        self._hiding.unproven |= inner.unproven
        self._hiding.overheard |= inner.overheard

    def _at(self, byte: int) -> int:
        return byte if self._ends is None else self._ends[byte]


def _hide(word: Literal | None, change: Change, *, loose: bool, proven: bool = False) -> None:
    if word is not None:
        word.hide([change], loose=loose)
        if proven:
            word.proven.append(change)


def _prove(word: Literal) -> None:
    word.proven.append(Change(0, len(word.text)))


def _only_filters(node: Node) -> bool:
    """Whether nothing but filters reads what comes by a pipe."""
    if node.type != "pipeline":
        return True
    is_fed = node.parent is not None and node.parent.type == "heredoc_redirect"
    chains = [chain_of(child) for child in node.named_children[0 if is_fed else 1 :]]
    return all(chain and all(map(is_filter, chain)) for chain in chains)


def _takes_all(command: Command, made: Feeds) -> bool:
    """Whether all that is fed is read as a password, and nothing of it by another program."""
    return made is Feeds.PASSWORD or acts_by_words(command)


def _is_card(change: Change) -> bool:
    """Whether what is shown instead still says which card it is."""
    return change.new != HIDDEN and change.new[-1:].isdigit()


def _reads_options(command: Command) -> bool:
    """Whether the words are options and operands to the program, not text to print, run or hand on."""
    name = command.basename
    if name in PLAIN or name == "find" or (name in LANGUAGES and name not in _DATABASE_CLIENTS):
        return False
    return not hands_on(name) or command.handed_on == NOTHING


def _acts_on(name: str, word: str) -> bool:
    return name not in _ECHOES and name not in LANGUAGES and not word.startswith("-")


def _defined(all_nodes: Sequence[Node]) -> Iterator[str]:
    for node in all_nodes:
        if node.type == "function_definition" and (name := node.child_by_field_name("name")) is not None:
            yield source(name)
