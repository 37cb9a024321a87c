"""The connect page says how long a token opens connections, before it is taken and after."""

import re

import pytest
import yaml

from access.decisions.requests import Ask
from storage.model import Grant, IssuedCredential
from support.access import ask_anyway
from support.web.stage import PagesStage
from support.web.visitor import Visitor


@pytest.mark.parametrize("form", ["short", "signed"])
async def test_a_lifetime_is_said_before_and_after(visitor: Visitor, stage: PagesStage, form: str) -> None:
    policy = yaml.safe_load(stage.world.access.policies.path.read_text())
    await stage.world.write(policy | {"tokens": {"form": form, "lifetime": "5m"}})
    await ask_anyway(stage.world.access, stage.world["alice"], Ask("payments-db", "read", 900))
    await visitor.sign_in()
    [grant] = await stage.world.all(Grant)
    _, text, _ = await visitor.ask(f"/grants/{grant.id}")
    assert "It opens connections for 5m from when you take it." in text
    status, text, _ = await visitor.post(f"/grants/{grant.id}/token")
    assert status == 200
    assert "what is open by then stays open until the" in text
    assert (re.search(r"<code>gp1_[0-9A-Za-z]{49}</code>", text) is not None) == (form == "short")
    rows = await stage.world.all(IssuedCredential)
    assert [each.issued_to for each in rows] == (["127.0.0.1"] if form == "short" else [])


async def test_without_one_it_is_the_accesss(visitor: Visitor, stage: PagesStage) -> None:
    await ask_anyway(stage.world.access, stage.world["alice"], Ask("payments-db", "read", 900))
    await visitor.sign_in()
    [grant] = await stage.world.all(Grant)
    assert "It opens connections for" not in (await visitor.ask(f"/grants/{grant.id}"))[1]
    assert "until the access ends. This page" in (await visitor.post(f"/grants/{grant.id}/token"))[1]


async def test_a_door_that_takes_no_token_hands_none(visitor: Visitor, stage: PagesStage) -> None:
    policy = yaml.safe_load(stage.world.access.policies.path.read_text())
    policy["resources"]["payments-db"]["roles"]["read"]["accepts"] = ["certificate"]
    await stage.world.write(policy)
    await ask_anyway(stage.world.access, stage.world["alice"], Ask("payments-db", "read", 900))
    await visitor.sign_in()
    [grant] = await stage.world.all(Grant)
    _, text, _ = await visitor.post(f"/grants/{grant.id}/token")
    assert "accepts no token. Connect with `gatepass psql read@payments-db`" in text
