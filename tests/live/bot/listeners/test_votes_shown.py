"""Cards list the votes that count, as a decision would count them; who left is named as one whose vote does not."""

from typing import Any

import pytest
import yaml

from access.decisions import holds
from access.identity.adoption import adopt
from bot.blocks.action_ids import Action
from storage.model import AccessRequest, Grant, HoldState, RequestState, Statement
from support.bot.stage import Stage

pytestmark = pytest.mark.finding("M6")


async def put_in_force(stage: Stage, document: dict[str, Any]) -> None:
    stage.access.policies.path.write_text(yaml.safe_dump(document))
    stage.access.policies.reload()
    await adopt(stage.access)


def policy(stage: Stage) -> dict[str, Any]:
    return yaml.safe_load(stage.access.policies.path.read_text())


async def test_what_decided_a_request_is_who_counted_then(stage: Stage) -> None:
    """Bob approved and left the reviewers; of carol and dora, who decided, one leaves after."""
    document = policy(stage)
    document["people"]["dora"] = {"slack": "U0NORA"}
    document["groups"]["oncall"] = ["bob", "carol", "dora"]
    await put_in_force(stage, document)
    await stage.slack.command("alice", "incidents", "/access payments-db write 15m")
    await stage.tap("bob", await stage.card(), Action.APPROVE)
    await stage.card("1 of 2: @bob")
    document["groups"]["oncall"] = ["carol", "dora"]
    await put_in_force(stage, document)
    await stage.tap("carol", await stage.card(), Action.APPROVE)
    waiting = await stage.card("1 of 2: @carol (approval no longer counts: bob)")
    await stage.tap("nora", waiting, Action.APPROVE)
    decided = await stage.card("Approved")
    assert "by @carol, @nora" in decided["plain"]
    assert "@bob" not in decided["plain"]
    told = await stage.told("alice", "You have access", ephemeral=False)
    assert "Approved by @carol, @nora" in told["plain"]
    (request,) = await stage.rows(AccessRequest)
    assert (request.state, request.approved_by) == (RequestState.APPROVED, ["carol", "dora"])
    document["groups"]["oncall"] = ["bob", "carol"]
    await put_in_force(stage, document)
    await stage.slack.command("alice", "incidents", "/access revoke " + (await stage.rows(Grant))[0].id.hex)
    revoked = await stage.card("Access revoked")
    assert "by @carol, @nora" in revoked["plain"], "what was decided stays decided by whom it was"


async def test_a_held_statement_shows_the_same(stage: Stage) -> None:
    document = policy(stage)
    held_rule = document["resources"]["payments-db"]["roles"]["read"]["statements"][0]
    held_rule["quorum"] = 2
    held_rule["reviewers"] = ["bob", "carol", "dora"]
    document["people"]["dora"] = {"slack": "U0NORA"}
    await put_in_force(stage, document)
    await stage.slack.command("alice", "incidents", "/access payments-db read 15m")
    await stage.tap("bob", await stage.card(), Action.APPROVE)
    await stage.card("Approved")
    (grant,) = await stage.rows(Grant)
    (rule,) = stage.access.policies.current.resources["payments-db"].roles["read"].statements
    await holds.hold(stage.access, await stage.session(grant), grant, "DROP TABLE t", "ddl", rule)
    await stage.tap("bob", await stage.card("waits to run this"), Action.APPROVE)
    await stage.card("1 of 2: @bob")
    held_rule["reviewers"] = ["carol", "dora"]
    await put_in_force(stage, document)
    await stage.tap("carol", await stage.card("waits to run this"), Action.APPROVE)
    waiting = await stage.card("1 of 2: @carol (approval no longer counts: bob)")
    await stage.tap("nora", waiting, Action.APPROVE)
    decided = await stage.card("runs this as")
    assert "approved by @carol, @nora" in decided["plain"]
    (statement,) = await stage.rows(Statement)
    assert (statement.state, statement.approved_by) == (HoldState.APPROVED, ["carol", "dora"])
