"""What tests of SQL share: the facts of a text, as the rules are told them."""

from google.protobuf.message import Message

from proxy.postgres.sql.analysis import analyse
from proxy.statements import StatementFacts
from proxy.syntax.sql import parse, unwrap


def facts_of(sql: str) -> list[StatementFacts]:
    """The facts of every statement in `sql`, in order; none for an empty text."""
    return [statement.facts for statement in analyse(sql.encode("utf-8", "surrogateescape"))]


def parts_of(sql: str) -> list[set[str]]:
    """The parts of the one statement in `sql` as plain words, the whole first."""
    [facts] = facts_of(sql)
    return [set(map(str, part)) for part in facts.parts]


def tree_of(sql: str) -> Message:
    """The tree of the one statement in `sql`."""
    _, tree = parse(sql.encode())
    [statement] = tree.stmts
    return unwrap(statement.stmt)
