"""Code in PL/pgSQL and whether all of its words are known to be harmless. Pure.

There is no tree of it: PostgreSQL's grammar does not read it. So its tokens are taken one by one, and each must be one
that no row can be read by: words of a short list, numbers, texts, operators, variables of plain types, parts of a
trigger's row that are not masked, and PostgreSQL's own plain functions. A name of anything else stands on no list.
"""

from collections.abc import Callable, Sequence

from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.code.plain import BUILT_IN, CODE_FUNCTIONS, SYSTEM_SCHEMA
from proxy.syntax.sql import Token, Unreadable, lex
from proxy.syntax.words import MAX_NAME_BYTES, units

#: Words that begin a statement, or end one; behind one of them a name of the same spelling would be no function's.
_STARTING = frozenset(
    {"if", "elsif", "elseif", "return", "perform", "raise", "case", "end", "null", "declare", "begin"}
)
#: Words of expressions.
_WITHIN = frozenset({"and", "or", "not", "is", "in", "true", "false", "case", "when", "then", "else", "end", "null"})
_OTHERS = frozenset({"isnull", "notnull", "distinct", "from", "like", "ilike", "between", "using", "default"})
_LEVELS = frozenset({"debug", "log", "info", "notice", "warning", "exception"})
_RAISED = frozenset({"errcode", "message", "detail", "hint"})
#: What gives the time: reserved by PostgreSQL, so that neither a function nor a variable has such a name.
_TIMES = frozenset({"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"})
_WORDS = _STARTING | _WITHIN | _OTHERS | _LEVELS | _RAISED | _TIMES
#: The row that a trigger is called for.
_ROWS = frozenset({"new", "old"})
#: What else a trigger is told.
_TOLD = frozenset({"tg_op", "tg_when", "tg_level", "tg_name", "tg_table_name", "tg_table_schema"})
#: How types are spelt besides their names: `character varying(20)`, `timestamp with time zone`.
_TYPE_WORDS = BUILT_IN | {
    *("int", "integer", "smallint", "bigint", "real", "double", "precision", "decimal", "boolean", "character"),
    *("varying", "with", "without", "zone", "timestamp", "time"),
}
_PUNCTUATION = frozenset(map(ord, "()+-*/%<>=^,;[]"))
_PLAIN_KINDS = frozenset({pg.ICONST, pg.FCONST, pg.SCONST, pg.PARAM, pg.Op, pg.COLON_EQUALS, pg.TYPECAST})
_COMPARISONS = frozenset({pg.LESS_EQUALS, pg.GREATER_EQUALS, pg.NOT_EQUALS})
#: Words of PL/pgSQL's own that SQL does not know (PostgreSQL's pl_reserved_kwlist.h and pl_unreserved_kwlist.h): a
#: variable of such a name, or of a word of SQL, would let a statement pass that begins with it.
_OWN_WORDS = frozenset(
    {
        *("alias", "assert", "constant", "datatype", "debug", "diagnostics", "dump", "elseif", "elsif", "errcode"),
        *("error", "exception", "exit", "foreach", "get", "hint", "info", "loop", "message", "notice", "open"),
        *("perform", "query", "raise", "reverse", "rowtype", "slice", "stacked", "strict", "use_column"),
        *("use_variable", "warning", "while", "continue", "log", "detail", "sqlstate", "sqlerrm", "found"),
    }
)
#: What ends the type of a variable.
_VALUE = frozenset({":=", "=", "default", "not", ";"})
#: Reserved by PostgreSQL, so that no function has such a name.
_RESERVED = _TIMES | _WITHIN - {"is"}
_TEXT = "'"

IsMasked = Callable[[str], bool]


def unproven(body: str, parameters: frozenset[str], is_masked: IsMasked) -> str | None:
    """The first word by which it might read rows; None where it reads none for certain."""
    if "\\" in body:
        # With standard_conforming_strings off the server takes the body's own backslashes for escapes.
        return "\\"
    source = body.encode("utf-8", "surrogatepass")
    try:
        scanned = units(lex(source))
    except Unreadable:
        return "PL/pgSQL"
    return _Reader(source, scanned, parameters, is_masked).unproven()


class _Reader:
    """Goes through the tokens of one body."""

    def __init__(
        self, source: bytes, scanned: Sequence[Token], parameters: frozenset[str], is_masked: IsMasked
    ) -> None:
        self._texts = [source[each.start : each.end].decode().lower() for each in scanned]
        self._kinds = [each.kind for each in scanned]
        self._variables = {*parameters, *_TOLD}
        self._is_masked = is_masked
        self._position = 0

    def unproven(self) -> str | None:
        if taken := sorted(name for name in self._variables - _TOLD if not _is_free(name)):
            return taken[0]
        while self._position < len(self._texts):
            text = self._text()
            known = self._declared() if text == "declare" else self._is_known(self._position)
            if not known:
                return self._text() or text
            self._position += 1
        return None

    def _text(self, ahead: int = 0) -> str:
        place = self._position + ahead
        return self._texts[place] if 0 <= place < len(self._texts) else ""

    # --- declarations -------------------------------------------------------------------------------------------------

    def _declared(self) -> bool:
        """Up to the `begin` behind them: `NAME [constant] TYPE [not null] [:= VALUE];`."""
        self._position += 1
        while self._text() != "begin":
            name = self._text()
            if not _is_free(name) or not self._type():
                return False
            self._variables.add(name)
            while self._text() != ";":
                if not self._text() or not self._is_known(self._position):
                    return False
                self._position += 1
            self._position += 1
        return True

    def _type(self) -> bool:
        """A variable's type, from its name on: of PostgreSQL's own."""
        self._position += 1
        if self._text() == "constant":
            self._position += 1
        first = self._position
        while self._text() and self._text() not in _VALUE:
            kind = self._kinds[self._position]
            if self._text() not in _TYPE_WORDS and kind != pg.ICONST and self._text() not in set("(),[]"):
                return False
            self._position += 1
        return self._position > first and bool(self._text())

    # --- everything else ----------------------------------------------------------------------------------------------

    def _is_known(self, place: int) -> bool:
        kind, text = self._kinds[place], self._texts[place]
        before = self._texts[place - 1] if place else ";"
        after = self._texts[place + 1] if place + 1 < len(self._texts) else ""
        if before == ".":
            return self._is_part(place, text, after)
        if kind in _PLAIN_KINDS | _COMPARISONS:
            return kind != pg.Op or text not in {"<<", ">>"}
        if kind in _PUNCTUATION:
            return True
        if before == "::":
            return text in _TYPE_WORDS
        if kind == pg.ASCII_46:
            return before in _ROWS or before == SYSTEM_SCHEMA
        if text == SYSTEM_SCHEMA:
            return after == "."
        return self._is_word(place, text, before, after)

    def _is_part(self, place: int, text: str, after: str) -> bool:
        """Of a trigger's row, by a name that is not masked, or of PostgreSQL's own schema."""
        if self._texts[place - 2] == SYSTEM_SCHEMA:
            return after == "(" and text in CODE_FUNCTIONS
        return after != "(" and _is_name(text) and not self._is_masked(text)

    def _is_word(self, place: int, text: str, before: str, after: str) -> bool:
        if not _is_name(text):
            return False
        if after == "(":
            return text in CODE_FUNCTIONS or text in _RESERVED or (text in _STARTING and _begins(before))
        if text in _ROWS:
            return after == "." or (before == "return" and after == ";")
        if text == "from":
            return before == "distinct" and self._texts[place - 2] in {"is", "not"}
        if text == "distinct":
            return before in {"is", "not"} and after == "from"
        is_literal = after.startswith(_TEXT) and text in BUILT_IN
        return text in _WORDS or text in self._variables or is_literal


def _begins(before: str) -> bool:
    return before in {";", "begin", "then", "else", "end"}


def _is_free(name: str) -> bool:
    """Whether a variable may have this name: a word of neither language."""
    if not _is_name(name) or name in _WORDS | _ROWS | _OWN_WORDS:
        return False
    try:
        return [each.kind for each in lex(name.encode())] == [pg.IDENT]
    except Unreadable:
        return False


def _is_name(text: str) -> bool:
    """A word as everybody reads it."""
    return text.isascii() and text.replace("$", "_").isidentifier() and len(text) <= MAX_NAME_BYTES
