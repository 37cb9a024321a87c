"""What tests of SQL share: the facts of a text, as the rules are told them."""

from proxy.postgres.sql.analysis import analyse
from proxy.statements import StatementFacts


def facts_of(sql: str) -> list[StatementFacts]:
    """The facts of every statement in `sql`, in order; none for an empty text."""
    return [statement.facts for statement in analyse(sql.encode("utf-8", "surrogateescape"))]
