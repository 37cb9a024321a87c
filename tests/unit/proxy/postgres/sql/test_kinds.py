"""Kinds: every statement of PostgreSQL's grammar has one, and none has two."""

import pytest
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.kinds import DDL_PREFIXES, KINDS, OTHERS, kind_of, label_of

#: Nodes that end in Stmt and are no statement of a client: wrappers, PL/pgSQL's, and what the planner makes.
INNER = {"RawStmt", "PLAssignStmt", "SetOperationStmt"}

STATEMENTS = sorted(name for name in pg.DESCRIPTOR.message_types_by_name if name.endswith("Stmt") and name not in INNER)


@pytest.mark.parametrize("node", STATEMENTS)
def test_every_statement_of_the_grammar_has_a_label(node: str) -> None:
    assert label_of(node) != "unparseable"


def test_no_statement_has_two_kinds() -> None:
    assert not KINDS.keys() & OTHERS.keys()
    assert not [name for name in (*KINDS, *OTHERS) if name.startswith(DDL_PREFIXES) and KINDS.get(name) is None]


def test_every_name_is_one_of_the_grammars() -> None:
    assert {*KINDS, *OTHERS} <= {*pg.DESCRIPTOR.message_types_by_name}


def test_what_the_grammar_does_not_have_is_unparseable() -> None:
    assert label_of("TeleportStmt") == "unparseable"
    assert kind_of("TeleportStmt") == "other"
    assert label_of("CreateTeleporterStmt") == "ddl"
