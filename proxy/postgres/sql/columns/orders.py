"""The order of rows: settings of the planner by which rows would come as an index has them. Pure.

Rows that stand in the order of a masked column tell what lies between two guesses that somebody inserted. An index of
one that is there already is taken where the planner finds it cheap: that is for the planner to say, not for a client.
"""

from collections.abc import Iterator

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.effects.names import strings
from proxy.syntax.sql import unwrap, walk

#: What says which plans are taken.
_PREFIX = "enable_"
_COSTS = frozenset(
    {
        *("seq_page_cost", "random_page_cost", "cpu_tuple_cost", "cpu_index_tuple_cost", "cpu_operator_cost"),
        *("effective_cache_size", "cursor_tuple_fraction", "parallel_setup_cost", "parallel_tuple_cost"),
        *("min_parallel_table_scan_size", "min_parallel_index_scan_size", "recursive_worktable_factor"),
    }
)
#: What says how many rows of which values there are.
_STATISTICS = frozenset(
    {
        *("pg_restore_relation_stats", "pg_restore_attribute_stats", "pg_restore_extended_stats"),
        *("pg_clear_relation_stats", "pg_clear_attribute_stats", "pg_clear_extended_stats"),
    }
)
_SETS = "set_config"
#: A view by which settings are made.
_SETTINGS = "pg_settings"
_BACK = frozenset({pg.VAR_RESET, pg.VAR_RESET_ALL, pg.VAR_SET_DEFAULT})


#: Neither a truth value nor a number has it.
_SEPARATOR = ","


def planner_setting(tree: Message) -> str | None:
    """The setting of the planner that the statement makes; None if it makes none."""
    return next((name for node in walk(tree) for name in _set_by(node) if _is_planners(name)), None)


def _is_planners(name: str) -> bool:
    folded = name.lower()
    return folded.startswith(_PREFIX) or folded in _COSTS | _STATISTICS or folded in {_SETS, _SETTINGS}


def _constant(node: Message) -> str | None:
    value = unwrap(node)
    return value.sval.sval if isinstance(value, pg.A_Const) and value.HasField("sval") else None


def _set_by(node: Message) -> Iterator[str]:
    match node:
        case pg.VariableSetStmt() if node.kind not in _BACK:
            yield node.name
        case pg.FuncCall() if strings(node.funcname)[-1] == _SETS:
            name, value = ([*map(_constant, node.args), None, None])[:2]
            # Where it is named when it runs, its value may tell that it is none of these: pg_dump gives a list.
            yield name if name is not None else "" if value is not None and _SEPARATOR in value else _SETS
        case pg.FuncCall() if strings(node.funcname)[-1] in _STATISTICS:
            yield strings(node.funcname)[-1]
        case pg.UpdateStmt() if node.relation.relname == _SETTINGS:
            yield _SETTINGS
        case _:
            pass
