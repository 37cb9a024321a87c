"""What SQL asks for: kinds, labels and a text without literals, by PostgreSQL 18's own grammar (libpg_query). Pure.

A statement that cannot be read for certain carries the label `unparseable`, whatever the reason: syntax, a size or
depth that the parser does not bear, code in another language (DO), or bytes that another encoding or string mode would
cut otherwise. It executes nothing and looks nothing up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import UNPARSEABLE
from proxy.masking.rules import Masker
from proxy.postgres.sql.effects.nodes import labels_by_nodes
from proxy.postgres.sql.effects.walk import effects
from proxy.postgres.sql.kinds import SETTINGS, kind_of
from proxy.postgres.sql.text import redact, withheld
from proxy.statements import StatementFacts
from proxy.syntax.sql import Token, Unreadable, parse, unwrap, walk

_redactor = Masker(())


@dataclass(frozen=True)
class StatementAnalysis:
    """What one statement is: what the rules are told, and what the connection must keep in mind."""

    facts: StatementFacts
    #: The statement's tree; None if there is none.
    tree: Message | None
    #: Other values in the place of its literals could give other labels.
    by_value: bool = False
    #: SQL's EXECUTE runs the prepared statement of this name.
    executes: str | None = None
    #: SQL's PREPARE makes one of this name.
    prepares: str | None = None


def analyse(sql: bytes) -> list[StatementAnalysis]:
    """Analyse a query string, undecoded: its statements in order; none for an empty text. Never raises."""
    try:
        scanned, tree = parse(sql)
    except Unreadable:
        return [_unparseable(sql)]
    return [_analysed(sql, scanned, statement) for statement in tree.stmts]


def _unparseable(sql: bytes) -> StatementAnalysis:
    text = f"(a statement of {len(sql)} bytes that could not be parsed)"
    return StatementAnalysis(StatementFacts(text, "other", frozenset({UNPARSEABLE})), None)


def _analysed(sql: bytes, scanned: Sequence[Token], raw: pg.RawStmt) -> StatementAnalysis:
    start = raw.stmt_location
    end = start + raw.stmt_len if raw.stmt_len else len(sql)
    statement = unwrap(raw.stmt)
    name = statement.DESCRIPTOR.name
    kind = kind_of(name)
    nodes = list(walk(statement))
    found = effects(statement)
    whole = labels_by_nodes(statement, nodes) | found.effects()
    own = [token for token in scanned if start <= token.start < end]
    text = _redactor.redact(redact(sql, own, settings=name in SETTINGS)) or withheld(kind)
    return StatementAnalysis(
        StatementFacts(
            text,
            kind,
            whole.union(*found.parts),
            tuple(dict.fromkeys((whole, *found.parts))),
            unqualified=frozenset(found.unqualified),
        ),
        statement,
        by_value=found.by_value,
        executes=next((each.name for each in nodes if isinstance(each, pg.ExecuteStmt)), None),
        prepares=statement.name if isinstance(statement, pg.PrepareStmt) else None,
    )
