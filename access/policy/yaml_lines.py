"""YAML read for people: plain data, and the line and column of every part of it. Pure.

Only what a policy needs: mappings, lists, text, whole numbers, true, false and null. It refuses duplicate keys, tags,
deep nesting and aliases that grow, keeps words such as `no`, `on` and `1:30` the words that they are, and
refuses characters that would not be seen where the text is read: a quoted text may write any by its code.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

Path: TypeAlias = tuple[int | str, ...]
Plain: TypeAlias = "dict[str, Plain] | list[Plain] | str | int | bool | None"

#: A policy nests seven deep; the parser recurses, so far deeper input would exhaust the stack.
MAX_DEPTH = 32
#: Counted after aliases are followed, so that a few lines cannot grow into gigabytes.
MAX_PARTS = 100_000

_WHOLE_NUMBER = re.compile(r"[-+]?[0-9]{1,18}")
_WORDS: Mapping[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
_CORE_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map")}


@dataclass(frozen=True)
class Position:
    """Both count from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Flaw:
    """What is wrong with the YAML itself."""

    position: Position | None
    message: str
    path: Path = ()


@dataclass
class Reading:
    """`data`, where each part stands, and what was wrong; `data` is worth a look only without flaws."""

    data: Plain = None
    positions: dict[Path, Position] = field(default_factory=dict[Path, Position])
    flaws: list[Flaw] = field(default_factory=list[Flaw])

    def position(self, path: Path) -> Position | None:
        """Where `path` stands, or the closest part around it that the file has."""
        for end in range(len(path), -1, -1):
            if (found := self.positions.get(path[:end])) is not None:
                return found
        return None


#: Unicode categories: controls, halves of characters, separators of lines and paragraphs.
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
#: They turn text round: marks, embeddings and overrides, isolates (Unicode, UAX 9).
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class _TooMuch(Exception):
    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.message)
        self.flaw = flaw


class _Loader(Reader, Scanner, Parser, Composer, BaseResolver):
    """PyYAML's parser without its constructors and without YAML 1.1's guesses at types."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            mark = self.peek_event().start_mark
            raise _TooMuch(Flaw(_position(mark), f"is nested more than {MAX_DEPTH} deep"))
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def read(text: str) -> Reading:
    """Read one YAML document. Never raises for what the text holds: see Reading.flaws."""
    reading = Reading()
    try:
        node = _Loader(text).get_single_node()
        if node is not None:
            reading.data = _Builder(reading).build(node, (), frozenset())
            reading.positions[()] = _position(node.start_mark) or Position(1, 1)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reading.flaws.append(Flaw(_position(mark), _words(error)))
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        reading.flaws.append(Flaw(Position(line, 1), "has a character that YAML does not allow"))
    except _TooMuch as error:
        reading.flaws.append(error.flaw)
    return reading


class _Builder:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._parts = 0

    def build(self, node: yaml.Node, path: Path, inside: frozenset[int]) -> Plain:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise _TooMuch(Flaw(_position(node.start_mark), f"has more than {MAX_PARTS} parts, aliases followed"))
        if id(node) in inside:
            raise _TooMuch(Flaw(_position(node.start_mark), "contains itself through an alias"))
        self._check_tag(node, path)
        inside |= {id(node)}
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, inside)
        if isinstance(node, yaml.SequenceNode):
            return self._sequence(node, path, inside)
        self._check_seen(node, path)
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path, inside: frozenset[int]) -> Plain:
        built: dict[str, Plain] = {}
        for key_node, value_node in node.value:
            position = _position(key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                self._reading.flaws.append(Flaw(position, "a key must be a plain word", path))
                continue
            self._check_seen(key_node, path)
            key = key_node.value
            if key in built:
                first = self._reading.positions[(*path, key)].line
                message = f"{key} stands here twice, first in line {first}"
                self._reading.flaws.append(Flaw(position, message, (*path, key)))
                continue
            if position is not None:
                self._reading.positions[(*path, key)] = position
            built[key] = self.build(value_node, (*path, key), inside)
        return built

    def _sequence(self, node: yaml.SequenceNode, path: Path, inside: frozenset[int]) -> Plain:
        built: list[Plain] = []
        for index, item in enumerate(node.value):
            if (position := _position(item.start_mark)) is not None:
                self._reading.positions[(*path, index)] = position
            built.append(self.build(item, (*path, index), inside))
        return built

    def _check_seen(self, node: yaml.Node, path: Path) -> None:
        if (unseen := _unseen(node.value)) is not None:
            code = f"U+{ord(unseen):04X}"
            self._reading.flaws.append(
                Flaw(_position(node.start_mark), f"has a character that nobody sees, {code}: leave it out", path)
            )

    def _check_tag(self, node: yaml.Node, path: Path) -> None:
        if node.tag not in _CORE_TAGS:
            self._reading.flaws.append(Flaw(_position(node.start_mark), "has a YAML tag; tags mean nothing here", path))


def _unseen(text: str) -> str | None:
    """The first character that is not seen, or turns others round; newlines and tabs may be."""
    if text.isprintable():
        return None
    return next(
        (
            each
            for each in text
            if each not in "\n\t" and (each in _TURNING or unicodedata.category(each) in _UNSEEN_CATEGORIES)
        ),
        None,
    )


def _scalar(node: yaml.Node) -> Plain:
    """YAML 1.2's core schema for plain scalars; whatever is quoted is text."""
    text: str = node.value
    if getattr(node, "style", None) is not None:
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else text


def _position(mark: yaml.Mark | None) -> Position | None:
    return Position(mark.line + 1, mark.column + 1) if mark is not None else None


def _words(error: yaml.MarkedYAMLError) -> str:
    problem = str(error.problem or error.context or "cannot be read as YAML")
    if "'\\t'" in problem:
        return "has a tab here: YAML is indented with spaces"
    return f"is no valid YAML: {problem}"
