"""A search path that comes with the login is judged as the SET that it stands for."""

from typing import Any

import asyncpg
import pytest
import yaml

from access.context import Access
from access.identity.adoption import adopt
from storage.model import EndReason, VerdictKind
from support.postgres import Door
from support.reviews import statements


async def with_rule(access: Access, verdict: str, match: str = "set") -> None:
    """The role `checked` with a rule for SET."""
    document: dict[str, Any] = yaml.safe_load(access.policies.path.read_text())
    rule = {"name": "no-set", "match": [match], "verdict": verdict, "message": "Not here."}
    document["resources"]["db"]["roles"]["checked"]["statements"].append(rule)
    access.policies.path.write_text(yaml.safe_dump(document))
    access.policies.reload()
    await adopt(access)


@pytest.mark.finding("H5")
@pytest.mark.parametrize(
    ("verdict", "words"), [("deny", "Not here. (rule no-set)"), ("review", "send it as SET search_path. (rule no-set)")]
)
async def test_a_search_path_is_refused_where_set_would_be(
    door: Door, access: Access, verdict: str, words: str
) -> None:
    await with_rule(access, verdict)
    with pytest.raises(asyncpg.PostgresError) as refused:
        await door.connect("checked", server_settings={"search_path": "prod, public"})
    assert words in str(refused.value)
    assert (await door.ended()).end_reason is not EndReason.CLOSED
    [row] = await statements(access)
    assert (row.verdict, row.rule) == (VerdictKind.DENY, "no-set")


@pytest.mark.finding("H5")
@pytest.mark.parametrize("value", ["a\\'", "\\", "x' ; drop table y; --"])
async def test_a_value_that_would_end_its_literal_does_not(door: Door, access: Access, value: str) -> None:
    await with_rule(access, "deny", "drop")
    try:
        connection = await door.connect("checked", server_settings={"search_path": value})
    except asyncpg.PostgresError:
        return
    assert not any(each.rule == "no-set" for each in await statements(access))
    await connection.close()


@pytest.mark.finding("H5")
async def test_it_is_passed_on_where_no_rule_names_it_and_recorded(door: Door, access: Access) -> None:
    connection = await door.connect("checked", server_settings={"search_path": "pg_catalog, public"})
    assert await connection.fetchval("show search_path") == "pg_catalog, public"
    await connection.close()
    assert "set search_path" in door.recorded()


async def test_other_settings_are_not_the_rules_business(door: Door, access: Access) -> None:
    await with_rule(access, "deny")
    connection = await door.connect("checked", server_settings={"application_name": "x", "timezone": "UTC"})
    assert await connection.fetchval("select 1") == 1
    await connection.close()
