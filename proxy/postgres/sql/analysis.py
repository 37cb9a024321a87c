"""What SQL asks for: kinds, labels and the text that is shown, by PostgreSQL 18's own grammar (libpg_query). Pure.

A statement that cannot be read for certain carries the label `unparseable`, whatever the reason: syntax, a size or
depth that the parser does not bear, code in another language (DO), or bytes that another encoding or string mode would
cut otherwise. It executes nothing and looks nothing up.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import UNPARSEABLE
from proxy.postgres.sql.effects.blocks import statements_of_block
from proxy.postgres.sql.effects.kept_settings import keeps_naming
from proxy.postgres.sql.effects.nodes import labels_by_nodes
from proxy.postgres.sql.effects.walk import effects
from proxy.postgres.sql.kinds import kind_of
from proxy.showing.sql import UNREADABLE, is_masked_by_default, own_tokens, show_statement, unparsed
from proxy.statements import StatementFacts
from proxy.syntax.sql import Token, Unreadable, parse, unwrap, walk


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
    #: Whatever its data is, all of this stays the same.
    shared: bool = False
    #: What it makes changes what names mean, when it runs.
    keeps_naming: bool = False
    #: The trees of what a DO block runs, if that is all of it.
    inner: tuple[Message, ...] = ()


def analyse(
    sql: bytes, is_private: Callable[[str], bool] = is_masked_by_default, *, exact: bool = False, server: int = 0
) -> list[StatementAnalysis]:
    """Analyse a query string, undecoded: its statements in order; none for an empty text. Never raises.

    `is_private` tells of names (columns, tables) beside which no number is shown. What can be shared has a text without
    values, unless it is to be `exact`. `server` is the server's major version; 0: not known.
    """
    try:
        scanned, tree = parse(sql)
    except Unreadable:
        return [_unparseable(sql)]
    return [_analysed(sql, scanned, statement, is_private, exact=exact, server=server) for statement in tree.stmts]


def _unparseable(sql: bytes) -> StatementAnalysis:
    facts = StatementFacts(unparsed(sql), "other", frozenset({UNPARSEABLE}), unreviewable=UNREADABLE)
    return StatementAnalysis(facts, None)


def _analysed(
    sql: bytes,
    scanned: Sequence[Token],
    raw: pg.RawStmt,
    is_private: Callable[[str], bool],
    *,
    exact: bool,
    server: int,
) -> StatementAnalysis:
    statement = unwrap(raw.stmt)
    kind = kind_of(statement.DESCRIPTOR.name)
    nodes = list(walk(statement))
    found = effects(statement, server)
    inner = tuple(statements_of_block(statement))
    whole = labels_by_nodes(statement, nodes) | found.effects()
    whole = whole.union(*(labels_by_nodes(each, list(walk(each))) for each in inner))
    labels = whole.union(*found.parts)
    shown = show_statement(sql, own_tokens(sql, scanned, raw), statement, nodes, is_private, exact=exact)
    return StatementAnalysis(
        StatementFacts(
            shown.text,
            kind,
            labels,
            tuple(dict.fromkeys((whole, *found.parts))),
            shown.unreviewable,
            frozenset(found.unqualified),
        ),
        statement,
        by_value=found.by_value or any(map(_has_positions, nodes)),
        executes=next((each.name for each in nodes if isinstance(each, pg.ExecuteStmt)), None),
        prepares=statement.name if isinstance(statement, pg.PrepareStmt) else None,
        shared=shown.shared,
        keeps_naming=keeps_naming(statement, labels),
        inner=inner,
    )


def _has_positions(node: Message) -> bool:
    """Whether numbers of it may stand for columns: ORDER BY 2 is about another column than ORDER BY 1."""
    if not isinstance(node, pg.SelectStmt):
        return False
    clauses = [*node.sort_clause, *node.group_clause, *node.distinct_clause]
    return any(isinstance(each, pg.A_Const) for clause in clauses for each in walk(clause))
