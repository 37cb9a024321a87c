"""Whether a shown text has everything of a statement but its literals. Pure.

The shown text is read again by PostgreSQL's lexer: its keywords, operators and names must be the statement's own, in
their order, and the names that the tree acts on must be among them. It trusts nothing of what made the text.
"""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet

import postgast
from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.showing.literals.uses import BITS, NAMES, NUMBERS, STRINGS, names
from proxy.showing.values import MARKS, plain
from proxy.syntax.sql import Token, Unreadable, tokens, unwrap
from proxy.syntax.words import name_value, units

_LITERALS = STRINGS | NUMBERS | BITS
#: Functions that the grammar calls for an operator of the text.
_OPERATORS = frozenset({"like_escape", "similar_to_escape"})
#: What the two texts have as words: a literal, and the mark of a name.
_LITERAL, _NAME = "'", '"'


def is_faithful(
    sql: bytes, own: Sequence[Token], values: AbstractSet[int], acting: Sequence[Message], text: str
) -> bool:
    """Whether `text` shows the statement.

    `own`: the statement's tokens, as `units` gives them; `values`: where those start that are values without being
    literals; `acting`: the nodes of its tree.
    """
    try:
        shown = MARKS.sub(" '' ", text).encode()
        read = _skeleton(shown, units(tokens(shown)), frozenset(), str)
        meant = _skeleton(sql, own, values, plain)
    except (postgast.PgQueryError, Unreadable, UnicodeError):
        return False
    written = {word.removeprefix(_NAME) for word in read}
    return read == meant and all(plain(name) in written for name in acted_on(acting))


def acted_on(nodes: Sequence[Message]) -> Iterator[str]:
    """The relations and functions that a tree names, part by part."""
    for node in nodes:
        match node:
            case pg.RangeVar():
                yield from filter(None, (node.catalogname, node.schemaname, node.relname))
            case pg.FuncCall():
                yield from _function(node)
            case pg.ObjectWithArgs():
                yield from names(node.objname)
            case pg.DropStmt():
                for each in node.objects:
                    inner = unwrap(each)
                    yield from names(inner.items) if isinstance(inner, pg.List) else ()
            case _:
                pass


def _function(call: pg.FuncCall) -> Iterator[str]:
    """Those that were written: the grammar makes calls of EXTRACT, AT TIME ZONE and the like itself."""
    parts = names(call.funcname)
    made = call.funcformat == pg.COERCE_SQL_SYNTAX or (parts[0] == "pg_catalog" and parts[-1] in _OPERATORS)
    return iter(()) if made else iter(parts)


def _skeleton(sql: bytes, own: Sequence[Token], values: AbstractSet[int], form: Callable[[str], str]) -> list[str]:
    """Keywords and operators in lower case, names marked, literals as one word."""
    words: list[str] = []
    for token in own:
        source = sql[token.start : token.end]
        if token.kind in _LITERALS or token.start in values:
            words.append(_LITERAL)
        elif token.kind in NAMES:
            words.append(_NAME + form(name_value(source)))
        else:
            words.append(source.decode().lower())
    return words
