"""The labels of the whole: what the nodes of a tree are called."""

from proxy.postgres.sql.effects.nodes import labels_by_nodes
from proxy.syntax.sql import walk
from support.sql import tree_of


def labels(sql: str) -> frozenset[str]:
    tree = tree_of(sql)
    return labels_by_nodes(tree, list(walk(tree)))


def test_every_node_counts_wherever_it_stands() -> None:
    found = labels("with d as (delete from t returning f(a)) select * from d")
    assert found == {"select", "delete", "delete_without_where", "table:t", "table:d", "function:f"}


def test_a_plain_explain_only_names() -> None:
    assert labels("explain delete from t") == {"explain", "table:t"}


def test_effects_are_no_names_of_nodes() -> None:
    assert labels("merge into t using s on true when matched then delete") == {"merge", "table:t", "table:s"}
