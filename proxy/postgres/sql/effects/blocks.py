"""DO blocks that do nothing but define things: their statements, to be judged as if each came by itself. Pure.

    do $$ begin create type mood as enum ('a'); exception when duplicate_object then null; end $$

So migrations say "if it is not there yet". PL/pgSQL hands each statement to the server as it is written, up to its
semicolon, and looks for nothing in it but its own variables, which there are none of, and INTO. No other form is read:
a block is either proven to be these statements and no more, or its code is not followed. Only kinds are listed whose
expressions PL/pgSQL cannot reach (they are read when the definition is, without its variables).
"""

from collections.abc import Sequence

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.syntax.sql import Unreadable, lex, parse, unwrap
from proxy.syntax.words import MAX_NAME_BYTES, units

_LANGUAGE = "plpgsql"
_STATEMENTS = (
    *(pg.CreateEnumStmt, pg.AlterEnumStmt, pg.CompositeTypeStmt, pg.CreateDomainStmt, pg.CreateStmt, pg.AlterTableStmt),
    *(pg.IndexStmt, pg.CreateSeqStmt, pg.AlterSeqStmt),
)
#: What such statements begin with; PL/pgSQL has no statement of its own that does.
_BEGINNING = frozenset({"create", "alter"})
#: PL/pgSQL takes this out of a statement, with what stands behind it.
_TARGET = "into"
_END = ";"


def statements_of_block(statement: Message) -> list[Message]:
    """The statements that a DO block runs, one after another; none where it may do anything else."""
    if not isinstance(statement, pg.DoStmt):
        return []
    options = {each.def_elem.defname: each.def_elem.arg.string.sval for each in statement.args}
    body = options.get("as", "")
    if options.get("language", _LANGUAGE).lower() != _LANGUAGE or len(options) < len(statement.args) or "\\" in body:
        # With standard_conforming_strings off the server takes the body's own backslashes for escapes.
        return []
    try:
        return _statements(body.encode("utf-8", "surrogatepass"))
    except (Unreadable, UnicodeError):
        return []


def _statements(body: bytes) -> list[Message]:
    """Raises Unreadable for what PostgreSQL's grammar does not read."""
    tokens = units(lex(body))
    words = [body[each.start : each.end].decode().lower() for each in tokens]
    if words[-1:] == [_END]:
        words.pop()
    if words[:1] != ["begin"] or words[-1:] != ["end"] or _TARGET in words:
        return []
    starts = [place + 1 for place, word in enumerate(words) if word == _END or not place]
    last = next((place for place in starts if words[place] == "exception"), len(words) - 1)
    inner = [place for place in starts if place < last]
    if not inner or words[last - 1] != _END or not all(words[place] in _BEGINNING for place in inner):
        return []
    if last < len(words) - 1 and not _does_nothing(words[last + 1 : -1]):
        return []
    _, tree = parse(body[tokens[1].start : tokens[last - 1].end])
    found = [unwrap(each.stmt) for each in tree.stmts]
    return found if len(found) == len(inner) and all(isinstance(each, _STATEMENTS) for each in found) else []


def _does_nothing(words: Sequence[str]) -> bool:
    """Whether these are handlers of conditions that do nothing: `when NAME or SQLSTATE 'CODE' then null;`, and more."""
    handlers = _split(words, _END)
    return handlers.pop() == [] and bool(handlers) and all(map(_is_idle, handlers))


def _is_idle(handler: Sequence[str]) -> bool:
    if handler[:1] != ["when"] or list(handler[-2:]) != ["then", "null"]:
        return False
    return all(map(_is_condition, _split(handler[1:-2], "or")))


def _is_condition(words: Sequence[str]) -> bool:
    match words:
        case [name]:
            return name.isascii() and name.isidentifier() and len(name) <= MAX_NAME_BYTES
        case ["sqlstate", code]:
            return code.startswith("'")
        case _:
            return False


def _split(words: Sequence[str], at: str) -> list[list[str]]:
    """What stands between the words that are `at`."""
    found: list[list[str]] = [[]]
    for word in words:
        if word == at:
            found.append([])
        else:
            found[-1].append(word)
    return found
