"""Code in a string: bodies of functions and DO blocks. Pure.

Bodies in SQL are parsed like any other SQL. PL/pgSQL and other languages are not read: libpg_query's parser of PL/pgSQL
ends the process on some texts (a failed assertion), and what EXECUTE puts together nobody can see. So they are
`unparseable`, together with the kind of their statement: a rule that names either decides, and no rule denies. A DO
block that is proven to do nothing but define things has what its statements do (`blocks`).
"""

from collections.abc import Iterator

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import SqlLabel
from proxy.postgres.sql.effects.blocks import statements_of_block
from proxy.postgres.sql.effects.found import Found
from proxy.postgres.sql.effects.scope import MAX_DEPTH, Scope
from proxy.syntax.sql import Unreadable, parse_kept, unwrap

#: Languages whose functions reach no further than SQL does (PostgreSQL calls them trusted).
_TRUSTED = frozenset({"sql", "plpgsql", "plperl", "pltcl", "plv8", "internal"})


def add_code(found: Found, node: pg.DoStmt | pg.CreateFunctionStmt, scope: Scope) -> Iterator[tuple[Message, Scope]]:
    """Add what is known of a body; gives the statements of one that could be read, with their scope."""
    options = {each.def_elem.defname: unwrap(each.def_elem.arg) for each in _options(node)}
    language = getattr(options.get("language"), "sval", "plpgsql" if isinstance(node, pg.DoStmt) else "sql").lower()
    body = _text(options.get("as"))
    if language not in _TRUSTED:
        found.add([SqlLabel.PROGRAM, SqlLabel.COPY_PROGRAM], scope.kept_by)
    if block := statements_of_block(node):
        yield from ((statement, scope.deeper()) for statement in block)
        return
    if body is None and isinstance(node, pg.CreateFunctionStmt):
        return
    statements = _parsed(body) if body is not None and language == "sql" and scope.depth < MAX_DEPTH else None
    if statements is None:
        found.add([SqlLabel.UNPARSEABLE], scope.labels)
        return
    for statement in statements:
        yield statement, scope.deeper()


def statements_of(function: pg.CreateFunctionStmt) -> list[Message]:
    """The statements of a body in SQL that is text and can be read; none otherwise."""
    body = next((_text(unwrap(each.def_elem.arg)) for each in function.options if each.def_elem.defname == "as"), None)
    return (_parsed(body) or []) if body is not None else []


def _options(node: pg.DoStmt | pg.CreateFunctionStmt) -> list[pg.Node]:
    return list(node.args if isinstance(node, pg.DoStmt) else node.options)


def _text(body: Message | None) -> str | None:
    """The text behind AS: a string, or a list of one; two are a file and a symbol in it. None: there is none."""
    if isinstance(body, pg.String):
        return body.sval
    return "\n".join(each.string.sval for each in body.items) if isinstance(body, pg.List) else None


def _parsed(body: str) -> list[Message] | None:
    try:
        tree = parse_kept(body.encode("utf-8", "surrogatepass"))
    except Unreadable:
        return None
    return [unwrap(each.stmt) for each in tree.stmts]
