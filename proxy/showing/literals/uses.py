"""Use: what a literal is for, where it is more than data. Pure."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.syntax.sql import Token, unwrap, walk
from proxy.syntax.words import string_value

STRINGS = frozenset({pg.SCONST, pg.USCONST})
NUMBERS = frozenset({pg.ICONST, pg.FCONST})
BITS = frozenset({pg.BCONST, pg.XCONST})
NAMES = frozenset({pg.IDENT, pg.UIDENT})
_SIGNS = frozenset({pg.ASCII_43, pg.ASCII_45})


class Role(Enum):
    """What a literal is."""

    SQL = auto()
    #: The body of a function or DO block in the language that `Use.name` says.
    BODY = auto()
    COMMAND = auto()
    #: A setting's value; `Use.name` is the setting.
    SETTING = auto()
    #: An option of a statement; shown if it is a word.
    OPTION = auto()
    #: The same, where a statement does something else with another value.
    DECIDING = auto()
    #: The name of something in the database.
    NAME = auto()
    FILE = auto()
    SECRET = auto()


@dataclass(frozen=True)
class Use:
    role: Role
    name: str = ""


@dataclass
class Uses:
    """What the literals of one statement are for, by where they start; those that are not in it are data."""

    sql: bytes
    #: The statement's own tokens, in order, as `units` gives them.
    tokens: Sequence[Token]
    #: Whether data is looked into: a text that is SQL is shown as SQL.
    looks_into_data: bool = True
    by_start: dict[int, Use] = field(default_factory=dict[int, Use])
    #: Why the statement cannot be shown whole, as sentences.
    unreviewable: list[str] = field(default_factory=list[str])

    def add(self, token: Token, role: Role, name: str = "") -> None:
        self.by_start[token.start] = Use(role, name)

    def refuse(self, sentence: str) -> None:
        if sentence not in self.unreviewable:
            self.unreviewable.append(sentence)

    def include(self, other: "Uses") -> None:
        """Add what is known of a part."""
        self.by_start.update(other.by_start)
        for sentence in other.unreviewable:
            self.refuse(sentence)

    def value(self, token: Token) -> str:
        """The value of a string token."""
        return string_value(self.sql[token.start : token.end])

    def at(self, location: int) -> Token | None:
        """The token of a constant that the tree has at `location`; its sign stands before it."""
        index = bisect_left(self.tokens, location, key=_start)
        while index < len(self.tokens) and self.tokens[index].kind in _SIGNS:
            index += 1
        return self.tokens[index] if index < len(self.tokens) else None

    def strings(self, location: int = -1) -> Iterator[Token]:
        """String tokens at or after `location`."""
        first = bisect_left(self.tokens, location, key=_start)
        return (self.tokens[at] for at in range(first, len(self.tokens)) if self.tokens[at].kind in STRINGS)

    def find(self, value: str, location: int = -1) -> Token | None:
        """The first string token at or after `location`, if it says `value`."""
        token = next(self.strings(location), None)
        return token if token is not None and self.value(token) == value else None

    def behind(self, kinds: frozenset[int], value: str) -> Token | None:
        """The last string token that says `value` and stands directly behind a token of one of `kinds`."""
        pairs = list(zip(self.tokens, self.tokens[1:], strict=False))
        for before, token in reversed(pairs):
            if before.kind in kinds and token.kind in STRINGS and self.value(token) == value:
                return token
        return None


def _start(token: Token) -> int:
    return token.start


def constants(node: Message) -> Iterator[pg.A_Const]:
    """Constants at or below a node."""
    return (each for each in walk(node) if isinstance(each, pg.A_Const))


def text_constant(node: Message) -> pg.A_Const | None:
    """The string constant that an expression is, whatever type it is cast to; None if it is something else."""
    inner = unwrap(node)
    while isinstance(inner, pg.TypeCast | pg.CollateClause):
        inner = unwrap(inner.arg)
    return inner if isinstance(inner, pg.A_Const) and inner.HasField("sval") else None


def names(nodes: Sequence[Message]) -> list[str]:
    """The strings among some nodes: the parts of a qualified name."""
    return [inner.sval for node in nodes if isinstance(inner := unwrap(node), pg.String)]
