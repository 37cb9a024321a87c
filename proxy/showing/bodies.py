"""What is shown of the body of a function or a DO block. Pure.

SQL is shown as any other SQL is. PL/pgSQL has a grammar of its own around SQL's, and PostgreSQL's lexer for both: what
reads as a statement of SQL between two of its borders is shown as one; in the rest every literal is data, and nothing
may stand there that gives a literal another meaning. Other languages cannot be shown.
"""

from collections.abc import Callable, Iterator, Sequence

from postgast import pg_query_pb2 as pg

from proxy.showing.literals.calls import TELLING, runs
from proxy.showing.literals.uses import NAMES, STRINGS, Role, Uses
from proxy.syntax.sql import Token, Unreadable, lex
from proxy.syntax.words import name_value, units

#: Finds what the literals of one statement are for; the text, and where its tokens start. Raises Unreadable.
FindUses = Callable[[bytes, int], Uses]

SQL, PLPGSQL = "sql", "plpgsql"

#: Behind these and a semicolon a statement begins (PostgreSQL's documentation, "PL/pgSQL", 41.2 to 41.6).
_BORDERS = frozenset({pg.BEGIN_P, pg.THEN, pg.ELSE})
_BORDER_WORDS = frozenset({"loop", "elsif", "elseif"})
_LABEL_END = b">>"
#: SQL that has such words itself.
_WITH_BORDERS = frozenset({pg.CASE, pg.MERGE})
#: How many places of one line are tried as the beginning of such a statement.
_MAX_TRIES = 8
#: Behind EXECUTE and its literal.
_ENDS = frozenset({"into", "using", "loop"})
#: Statements that give literals another meaning, where they could not be read as statements.
_UTILITIES = frozenset(
    {pg.DO, pg.COPY, pg.CREATE, pg.ALTER, pg.LOAD, pg.PREPARE, pg.PROGRAM, pg.SECURITY, pg.IMPORT_P, pg.EXPLAIN}
)
_SETS = frozenset({pg.SET, pg.RESET})
#: ON CONFLICT DO.
_DO_WHAT = frozenset({pg.NOTHING, pg.UPDATE})
#: What PL/pgSQL puts before a SELECT's list or a whole statement.
_FOR_SELECT = frozenset({"perform", "if", "while", "return", "assert"})
_SELECT = b"select "

DYNAMIC = (
    "It runs SQL that is put together when it runs (EXECUTE of something else than one literal). "
    "Write that SQL as one literal, or run it as a statement of its own."
)
_TELLING = "Its code uses {} in a way that cannot be shown. Run that part as a statement of its own."
_LANGUAGE = "Code in the language {} cannot be shown. Use sql or plpgsql, or have who runs the database do it."


def uses_in_body(language: str, body: bytes, find_uses: FindUses) -> Uses:
    """What the literals of a body are for. Raises Unreadable."""
    if language == PLPGSQL:
        return _Procedure(body, find_uses).collected()
    uses = Uses(body, [])
    uses.refuse(_LANGUAGE.format(language if language.isalnum() else "that it names"))
    return uses


class _Procedure:
    """A body in PL/pgSQL, piece by piece."""

    def __init__(self, body: bytes, find_uses: FindUses) -> None:
        self._body = body
        self._find_uses = find_uses
        self._uses = Uses(body, units(lex(body)))

    def collected(self) -> Uses:
        for line in self._split(self._uses.tokens, lambda token: token.kind == pg.ASCII_59):
            self._collect_line(line)
        for token in self._uses.strings():
            # Whatever variable it is put into, something of the body may run it.
            if token.start not in self._uses.by_start and runs(self._uses.value(token)):
                self._uses.add(token, Role.SQL)
        return self._uses

    def _collect_line(self, line: list[Token]) -> None:
        """What stands before a semicolon: control words, and one statement at its end."""
        at, tries = 0, 0
        for piece in self._split(line, self._is_border):
            if tries < _MAX_TRIES and any(token.kind in _WITH_BORDERS for token in piece):
                tries += 1
                if (found := self._as_statement(line[at:])) is not None:
                    self._uses.include(found)
                    return
            if piece:
                self._collect(piece)
            at += len(piece) + 1

    @staticmethod
    def _split(tokens: Sequence[Token], is_border: Callable[[Token], bool]) -> Iterator[list[Token]]:
        piece: list[Token] = []
        for token in tokens:
            if is_border(token):
                yield piece
                piece = []
            else:
                piece.append(token)
        yield piece

    def _is_border(self, token: Token) -> bool:
        return token.kind in _BORDERS or self._word(token) in _BORDER_WORDS or self._source(token) == _LABEL_END

    def _collect(self, piece: list[Token]) -> None:
        found = self._as_statement(piece)
        if found is None:
            self._collect_rest(piece)
        else:
            self._uses.include(found)

    def _as_statement(self, piece: Sequence[Token]) -> Uses | None:
        """What the piece is as a statement of SQL; None if it is none. EXECUTE is another one in PL/pgSQL."""
        if piece[0].kind == pg.EXECUTE:
            return None
        found = self._parsed(piece) if self._word(piece[0]) not in _FOR_SELECT else None
        if found is not None or any(token.kind == pg.EXECUTE for token in piece):
            return found
        first, prefix = self._expression(piece)
        found = self._parsed(piece[first:], prefix) if first or prefix else None
        if found is not None:
            self._collect_rest(piece[:first])
        return found

    def _expression(self, piece: Sequence[Token]) -> tuple[int, bytes]:
        """Where SQL begins in a piece, and what makes a statement of it; (0, b"") if nothing tells."""
        words = [self._word(token) for token in piece[:2]]
        kinds = [token.kind for token in piece]
        if words == ["return", "query"]:
            return 2, b""
        if words[0] in _FOR_SELECT:
            return 1, _SELECT
        if words[0] == "for" and pg.IN_P in kinds:
            return kinds.index(pg.IN_P) + 1, b""
        if pg.COLON_EQUALS in kinds:
            return kinds.index(pg.COLON_EQUALS) + 1, _SELECT
        return 0, _SELECT if kinds[1:2] == [pg.ASCII_61] else b""

    def _parsed(self, piece: Sequence[Token], prefix: bytes = b"") -> Uses | None:
        if not piece:
            return None
        start = piece[0].start
        try:
            return self._find_uses(prefix + self._body[start : piece[-1].end], start - len(prefix))
        except Unreadable:
            return None

    def _collect_rest(self, piece: Sequence[Token]) -> None:
        if piece and piece[0].kind in _SETS:
            self._refuse("SET")
        for index, token in enumerate(piece):
            behind = piece[index + 1] if index + 1 < len(piece) else None
            if token.kind == pg.EXECUTE:
                self._execute(behind, piece[index + 2] if index + 2 < len(piece) else None)
            elif token.kind in _UTILITIES and not (token.kind == pg.DO and behind and behind.kind in _DO_WHAT):
                self._refuse(self._source(token).decode().upper())
            elif token.kind in NAMES and (name := self._name(token)) in TELLING:
                self._refuse(name)

    def _execute(self, literal: Token | None, behind: Token | None) -> None:
        ended = behind is None or self._word(behind) in _ENDS
        if literal is None or literal.kind not in STRINGS or not ended:
            self._uses.refuse(DYNAMIC)
        else:
            self._uses.add(literal, Role.SQL)

    def _refuse(self, what: str) -> None:
        self._uses.refuse(_TELLING.format(what))

    def _source(self, token: Token) -> bytes:
        return self._body[token.start : token.end]

    def _word(self, token: Token) -> str:
        source = self._source(token)
        return name_value(source) if source.isalpha() else ""

    def _name(self, token: Token) -> str:
        """With another escape character than the backslash a name could say anything."""
        if token.kind == pg.UIDENT:
            self._refuse("a name in code points (U&)")
            return ""
        return name_value(self._source(token))
