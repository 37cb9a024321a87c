"""Stars: code that takes columns by their places, behind those of another relation. Pure.

`select a.*, b.*` gives those of b in other places when a has one more; so do `*` of a join, and names for the columns
of one: `(a join b on true) as j(x, y, z)`. The code's language may be any, so its words are read, and no tree.
"""

from collections.abc import Iterator, Sequence

from postgast import pg_query_pb2 as pg

from proxy.syntax.sql import Unreadable, lex

_STAR = "*"
#: What stands before a star of all columns: `distinct on (x) *` too.
_BEFORE_STAR = frozenset({"select", "distinct", "all", "returning", ",", ")"})
#: What stands behind one and behind no sign of a product: `select into a, b * from c` has a name before it.
_BEHIND_STAR = frozenset({"from", "into", ",", ")", ";", ""})
_JOINS = frozenset({",", "join"})
#: What RETURNING gives columns of besides its table.
_OTHER_SOURCES = frozenset({"from", "using"})
#: What may stand behind the parentheses of a join that gets no name there.
_BEHIND_JOIN = frozenset(
    {
        *("", ";", ",", ")", "where", "on", "using", "group", "order", "having", "limit", "offset", "fetch", "for"),
        *("join", "cross", "natural", "left", "right", "full", "inner", "union", "intersect", "except", "window"),
        *("returning", "loop", "then", "into", "when", "set"),
    }
)
#: What makes what stands in parentheses no join: each gives columns of its own.
_QUERIES = frozenset({"select", "insert", "update", "delete", "merge", "values"})
_COMMENTS = frozenset({pg.SQL_COMMENT, pg.C_COMMENT})
_TEXT = pg.SCONST


def takes_places(text: str) -> bool:
    """Whether columns come behind those of a star, or a join is given a name; texts within it are not read."""
    source = text.encode()
    try:
        tokens = [each for each in lex(source) if each.kind not in _COMMENTS]
    except Unreadable:
        return _may_take(text)
    words = [source[each.start : each.end].decode(errors="replace").lower() for each in tokens]
    if any(each.kind == _TEXT and _may_take(word) for each, word in zip(tokens, words, strict=True)):
        return True
    return any(_followed(words)) or any(_named_joins(words))


def _may_take(text: str) -> bool:
    words = text.lower()
    return _STAR in words or (")" in words and ("join" in words or "rows" in words))


def _followed(words: Sequence[str]) -> Iterator[bool]:
    """Of each star, whether other columns follow; that of `count(*)` and of a product gives none."""
    joins = _join_behind(words)
    outer: list[set[str]] = []
    here: set[str] = set()
    for before, word, behind, joined in zip(["", *words], words, [*words[1:], ""], joins, strict=False):
        match word:
            case "*" if before == ".":
                yield behind == ","
            case "*" if before != "(" and (before in _BEFORE_STAR or behind in _BEHIND_STAR):
                yield joined or ("returning" in here and not here.isdisjoint(_OTHER_SOURCES))
            case "(":
                outer.append(here)
                here = set()
            case ")" if outer:
                here = outer.pop()
            case ";":
                here.clear()
            case _:
                here.add(word if (before, word) != ("delete", "from") else before)


def _named_joins(words: Sequence[str]) -> Iterator[bool]:
    """Of each pair of parentheses, whether a join stands in it and a name behind; `rows from (…)` joins functions."""
    outer: list[set[str]] = []
    here: set[str] = set()
    for first, second, word, behind in zip(["", "", *words], ["", *words], words, [*words[1:], ""], strict=False):
        match word:
            case "(":
                yield (first, second) == ("rows", "from")
                outer.append(here)
                here = set()
            case ")" if outer:
                yield "join" in here and here.isdisjoint(_QUERIES) and behind not in _BEHIND_JOIN
                here = outer.pop()
            case _:
                here.add(word)


def _join_behind(words: Sequence[str]) -> list[bool]:
    """Of each word, whether more than one table may come between it and the end of its statement."""
    found: list[bool] = []
    joined = False
    for word in reversed(words):
        joined = word != ";" and (joined or word in _JOINS)
        found.append(joined)
    return found[::-1]
