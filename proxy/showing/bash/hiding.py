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
from proxy.shell.languages import LANGUAGES
from proxy.shell.prefixes import PREFIXES
from proxy.shell.wrappers import hands_on
from proxy.showing.bash.changes import Change, disjoint, moved
from proxy.showing.bash.literals import Literal, literals
from proxy.showing.bash.options import assigned_values, is_header, is_secret_name, named_values, secret_values
from proxy.showing.bash.patterns import is_number, is_opaque, secrets_in
from proxy.showing.bash.places import characters, plain_parts, tabs
from proxy.showing.bash.readers import Feeds, chain_of, feeds, last_reader
from proxy.showing.bash.words import COMPUTED, rewritten
from proxy.syntax.bash import nodes, parse, source

#: Scripts inside scripts.
MAX_DEPTH = 8

_ECHOES = frozenset({"echo", "printf"})
_HEADER_SENDERS = frozenset({"curl", "wget"})
_DATABASE_CLIENTS = frozenset({"mariadb", "mysql", "psql"})
#: They print variables by name or all of them, or make words of what they read, which may be the environment.
_PRINTERS = frozenset({"compgen", "envsubst", "mapfile", "parallel", "printenv", "read", "readarray", "set", "xargs"})

#: Stands for a variable whose name another one holds.
INDIRECT = "!"


@dataclass
class Hiding:
    """What is hidden of one script, in characters of it."""

    changes: list[Change] = field(default_factory=list[Change])
    #: Something other than the digits of a number.
    hides: bool = False
    #: Something that a program may write to where it is run later.
    hides_text: bool = False
    #: Something inside SQL, which nobody reads as a tree here.
    hides_sql: bool = False
    #: A word that its program may act on.
    hides_operand: bool = False
    #: Variables whose values are hidden; those that the script expands; and whether it prints any that there are.
    kept: set[str] = field(default_factory=set[str])
    expanded: set[str] = field(default_factory=set[str])
    prints: bool = False

    @property
    def hides_expanded(self) -> bool:
        """Whether a hidden value turns up in words that are shown, by its variable's name."""
        return bool(self.kept) and (self.prints or INDIRECT in self.expanded or not self.kept.isdisjoint(self.expanded))


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
            case "variable_name":
                self._name(node)
            case "command_substitution":
                # Its output is words of a command, and may be what the environment holds.
                self._hiding.prints = True
            case "declaration_command":
                self._declaration(node)
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
        for command in commands(words) if words else ():
            if (name := self._words.get(command.head.node.id)) is not None:
                name.settled = True
            self._hiding.prints |= _prints(command)
            self._options(command)
            for group in command.scripts:
                self._inner_script(group)

    def _options(self, command: Command) -> None:
        if command.basename in self._defined or not command.name or not command.is_installed:
            return
        own = [self._words.get(argument.node.id) for argument in command.own]
        texts = [COMPUTED if word is None else word.text for word in own]
        for index, change in secret_values(command.basename, texts):
            _hide(own[index], change, loose=False, inert=True)
        if command.basename in PREFIXES and PREFIXES[command.basename].assignments:
            for index, change in assigned_values(texts):
                _hide(own[index], change, loose=self._evaluates)
                self._hiding.kept.add(texts[index].partition("=")[0])
        if not _reads_options(command):
            for word in [each for each in own if each is not None]:
                word.operand = _acts_on(command.basename, word.text)
            return
        for index, change, certain in named_values(command.basename, texts):
            _hide(own[index], change, loose=self._evaluates)
            self._hiding.hides_operand |= not certain
        for before, word in zip(["", *texts], own, strict=False):
            if word is None:
                continue
            word.loose = self._evaluates
            word.inert |= command.basename in _HEADER_SENDERS and is_header(before, word.text)
            if command.basename in _DATABASE_CLIENTS and re.search(r"\s", word.text):
                self._hiding.hides_sql |= bool(secrets_in(word.text, loose=False))

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
            word.settled = word.inert = True
            start = end + 1

    def _assignment(self, node: Node) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        word = None if value is None else self._words.get(value.id)
        if name is not None and word is not None and is_secret_name(source(name)):
            word.hide_all(loose=self._evaluates)
            self._hiding.kept.add(source(name))

    def _name(self, node: Node) -> None:
        """A variable's name where it is not given a value: `$x`, `$((x))`; `${!x}` is another variable's value."""
        parent = node.parent
        if parent is None or parent.type == "declaration_command":
            return
        if parent.type != "variable_assignment" or parent.child_by_field_name("name") != node:
            self._hiding.expanded.add(source(node))
        if any(child.type == "!" for child in parent.children):
            self._hiding.expanded.add(INDIRECT)

    def _declaration(self, node: Node) -> None:
        """`export` and its kin print what there is if they are asked to, or given no name."""
        given = [source(child) for child in node.named_children]
        names = [each for each in given if each[:1] != "-"]
        self._hiding.prints |= not names or any(each[:1] == "-" and "p" in each for each in given)

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
                        word.hide_all(loose=made is Feeds.PASSWORD_AND_MORE)
                        word.inert = made is Feeds.PASSWORD

    def _here_string(self, node: Node) -> None:
        word = next((self._words[child.id] for child in node.children if child.id in self._words), None)
        chain = chain_of(reader(node))
        if word is None or not chain:
            return
        made = feeds(chain, self._defined)
        if made is Feeds.SCRIPT:
            self._inner_script([Argument(word.text, word.node)])
        elif made is not Feeds.DATA:
            word.hide_all(loose=made is Feeds.PASSWORD_AND_MORE)
            word.inert = made is Feeds.PASSWORD

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
            whole = Change(0, len(text.rstrip("\n")))
            self._add([whole] if made is Feeds.PASSWORD or is_opaque(text.strip()) else [], body.start_byte)
        else:
            for start, part in plain_parts(body):
                found = secrets_in(part, loose=True)
                self._hiding.hides_text |= bool(found)
                self._add(found, start)

    # --- the result -------------------------------------------------------------------------------------------------

    def _finish(self, word: Literal) -> None:
        word.look_inside()
        changes = disjoint(word.changes)
        written = list(rewritten(word.pieces, changes))
        if written and not all(is_number(word.text[each.start : each.end]) for each in changes):
            self._hiding.hides = True
            self._hiding.hides_text |= not word.inert
        for piece, new in written:
            self._hiding.changes.append(Change(self._at(piece.start), self._at(piece.end), new))

    def _add(self, changes: Sequence[Change], start_byte: int) -> None:
        self._hiding.hides |= bool(changes)
        self._hiding.changes += moved(changes, self._at(start_byte))

    def _merge(self, inner: Hiding) -> None:
        self._hiding.hides |= inner.hides
        self._hiding.hides_text |= inner.hides_text
        self._hiding.hides_sql |= inner.hides_sql
        self._hiding.hides_operand |= inner.hides_operand
        self._hiding.kept |= inner.kept
        self._hiding.expanded |= inner.expanded
        self._hiding.prints |= inner.prints

    def _at(self, byte: int) -> int:
        return byte if self._ends is None else self._ends[byte]


def _hide(word: Literal | None, change: Change, *, loose: bool, inert: bool = False) -> None:
    if word is not None:
        word.hide([change], loose=loose)
        word.inert |= inert


def _prints(command: Command) -> bool:
    name = command.basename
    return name in _PRINTERS or (name == "env" and command.handed_on == NOTHING and not command.scripts)


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
