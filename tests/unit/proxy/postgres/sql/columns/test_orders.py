"""Settings of the planner, by which rows come in the order of an index."""

import pytest

from proxy.postgres.sql.columns.orders import planner_setting
from support.sql import tree_of


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("set enable_seqscan = off", "enable_seqscan"),
        ("set local Enable_Sort to off", "enable_sort"),
        ("set effective_cache_size = '1TB'", "effective_cache_size"),
        ("select pg_restore_attribute_stats('schemaname', 'public')", "pg_restore_attribute_stats"),
        ("select pg_catalog.pg_clear_relation_stats('public', 'cards')", "pg_clear_relation_stats"),
        ("set random_page_cost = 0", "random_page_cost"),
        ("alter role app set enable_sort = off", "enable_sort"),
        ("select set_config('ENABLE_sort', 'off', false)", "ENABLE_sort"),
        ("select pg_catalog.set_config('enable_' || 'sort', 'off', false)", "set_config"),
        ("select set_config($1, 'off', false)", "set_config"),
        ("select 1 where set_config(name => 'enable_sort') is null", "set_config"),
        ("update pg_catalog.pg_settings set setting = 'off'", "pg_settings"),
        ("set search_path = a", None),
        ("reset enable_seqscan", None),
        ("reset all", None),
        ("set enable_seqscan to default", None),
        ("select set_config('app.user', $1, true)", None),
        ("select * from pg_settings", None),
        ("select set_config(name, 'view, foreign-table', false) from pg_settings where name = 'x'", None),
        ("select set_config(name, 'off', false) from pg_settings", "set_config"),
        ("select set_config()", "set_config"),
    ],
)
def test_which_setting_is_made(sql: str, name: str | None) -> None:
    assert planner_setting(tree_of(sql)) == name
