"""The authenticator under pressure: refusals are counted, waiting is bounded, and a changed policy lets nobody in."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from sqlalchemy import select
from sqlmodel import col

from access.context import Access
from access.identity import acts, browser_sessions
from access.identity.adoption import adopt
from access.identity.handing import hand_token
from access.identity.proven import SignIn
from access.identity.webauthn.problems import InvalidTouch
from proxy.errors import AccessRefused, SessionEnded
from proxy.sessions import authenticator
from proxy.sessions.authenticator import Authenticator
from proxy.sessions.gateway import Gateway
from proxy.sessions.refusals import REFUSALS_A_WINDOW, WINDOW_S
from storage.model import AuditEvent, EndReason, Principal, Protocol
from support.access import World
from support.identity.authenticators import Changes
from support.identity.touching import ISSUER, owner
from support.proxy import Grants, WritePolicy


async def refuse(gate: Authenticator, client: str = "203.0.113.9:40000") -> None:
    with pytest.raises(AccessRefused):
        await gate.admit(username="read@db", token="garbage", protocol=Protocol.SSH, client=client)


async def at_once(_: float) -> None:
    """Time passes for nobody."""


async def refusals(access: Access) -> list[dict[str, Any]]:
    async with access.database.transaction() as transaction:
        events = [json.loads(event.body) for event in (await transaction.scalars(select(AuditEvent))).all()]
    return [event["detail"] for event in events if event["action"] == "proxy:session:refuse"]


async def test_a_flood_of_refusals_is_counted_rather_than_written_one_by_one(access: Access) -> None:
    now = [1000.0]
    gate = Authenticator(access, clock=lambda: now[0], sleep=at_once)
    for _ in range(REFUSALS_A_WINDOW + 25):
        await refuse(gate)
    await refuse(gate, "198.51.100.7:40000")
    assert len(await refusals(access)) == REFUSALS_A_WINDOW + 1, "the other host is not silenced"
    await gate.refusals.summarise()
    assert len(await refusals(access)) == REFUSALS_A_WINDOW + 1, "the window is not over"
    now[0] += WINDOW_S
    await gate.refusals.summarise()
    *_, last = await refusals(access)
    assert (last["client"], last["refusals"]) == ("203.0.113.9", 25)
    await refuse(gate)
    assert "refusals" not in (await refusals(access))[-1], "a new window writes again"


async def test_hosts_beyond_the_most_are_counted_as_one(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.sessions.refusals.MOST_SOURCES", 2)
    gate = Authenticator(access, sleep=at_once)
    for number in range(20):
        await refuse(gate, f"203.0.113.{number}:1")
    assert len(gate.refusals._windows) == 3  # pyright: ignore[reportPrivateUsage]


async def test_whoever_waits_too_long_for_their_turn_is_told_so(
    access: Access, granted: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authenticator, "QUEUE_TIMEOUT_S", 0.01)
    gate = Authenticator(access)
    token = (await granted("db", "read")).token
    turns = gate._turns  # pyright: ignore[reportPrivateUsage]
    for _ in range(authenticator.ADMISSIONS_AT_ONCE):
        await turns.acquire()
    with pytest.raises(AccessRefused, match="Too many people"):
        await gate.admit(username="read@db", token=token, protocol=Protocol.POSTGRES, client="127.0.0.1:1")
    turns.release()
    admitted = await gate.admit(username="read@db", token=token, protocol=Protocol.POSTGRES, client="127.0.0.1:1")
    assert admitted.principal.name == "alice"


async def test_a_rule_that_asks_for_a_sign_in_asks_at_the_door_too(
    access: Access, granted: Grants, write_policy: WritePolicy
) -> None:
    grant = await granted("db", "read")
    policy = yaml.safe_load(access.policies.path.read_text())
    policy["providers"] = {"corp": {"issuer": "https://login.example.com", "client_id": "g"}}
    policy["policy"][0]["requires"] = {"sign_in": "8h"}
    write_policy(policy)
    access.policies.reload()
    await adopt(access)
    gate = Authenticator(access)
    door: dict[str, Any] = {"username": "read@db", "protocol": Protocol.POSTGRES, "client": "127.0.0.1:1"}
    with pytest.raises(AccessRefused, match="This takes a sign-in within the last 8h"):
        await gate.admit(token=grant.token, **door)
    now = datetime.now(UTC)
    proven = SignIn("https://login.example.com", "u", now, now, (), None, None, None, False, {})
    async with access.database.transaction() as transaction:
        alice = (await transaction.scalars(select(Principal).where(col(Principal.name) == "alice"))).one()
        await browser_sessions.begin(transaction, alice, "corp", proven, now)
    assert (await gate.admit(token=grant.token, **door)).principal.name == "alice"


async def test_a_role_says_what_its_door_accepts(access: Access, granted: Grants, write_policy: WritePolicy) -> None:
    grant = await granted("db", "read")
    gate = Authenticator(access)
    door: dict[str, Any] = {"username": "read@db", "protocol": Protocol.POSTGRES, "client": "127.0.0.1:1"}
    admitted = await gate.admit(token=grant.token, **door)
    assert admitted.credential == {"kind": "token", "id": access.keys.verify(grant.token).id}
    policy = yaml.safe_load(access.policies.path.read_text())
    policy["resources"]["db"]["roles"]["read"]["accepts"] = ["certificate"]
    write_policy(policy)
    access.policies.reload()
    await adopt(access)
    with pytest.raises(AccessRefused, match="read@db does not accept a token: connect with a certificate"):
        await gate.admit(token=grant.token, **door)


async def test_a_rule_that_asks_for_a_touch_takes_a_token_that_was_handed_with_one(
    access: Access, granted: Grants, write_policy: WritePolicy
) -> None:
    grant = await granted("db", "read")
    policy = yaml.safe_load(access.policies.path.read_text())
    policy["providers"] = {"corp": {"issuer": ISSUER, "client_id": "g"}}
    policy["policy"][0]["requires"] = {"sign_in": "8h", "present": True}
    write_policy(policy)
    access.policies.reload()
    await adopt(access)
    async with access.database.transaction() as transaction:
        people = {each.name: each for each in (await transaction.scalars(select(Principal))).all()}
    alice = await owner(World(access, people), "alice")
    gate = Authenticator(access)
    door: dict[str, Any] = {"username": "read@db", "protocol": Protocol.POSTGRES, "client": "127.0.0.1:1"}
    with pytest.raises(AccessRefused, match="takes a token that was handed with a touch of your security key"):
        await gate.admit(token=grant.token, **door)
    touch = await alice.touch(acts.take_token(grant.grant.id))
    token = (await hand_token(access, grant.grant.id, people["alice"], touch=touch)).token
    admitted = await gate.admit(token=token, **door)
    assert (admitted.proof["provider"], admitted.proof["touch"]["name"]) == ("corp", "Blue key")
    with pytest.raises(AccessRefused, match="handed with a touch"):
        await gate.admit(token=grant.token, **door)
    with pytest.raises(InvalidTouch):
        await alice.touch(acts.take_token(grant.grant.id), Changes(count=1))
    with pytest.raises(AccessRefused, match="handed with a touch"):
        await gate.admit(token=token, **door)


DENIED = {"name": "no-more", "who": ["alice"], "resources": ["db"], "roles": ["*"], "decision": "denied"}


def denied(policy: dict[str, Any]) -> None:
    policy["policy"].insert(0, DENIED)


def without_the_role(policy: dict[str, Any]) -> None:
    del policy["resources"]["db"]["roles"]["read"]


def elsewhere(policy: dict[str, Any]) -> None:
    policy["resources"]["db"]["upstream"]["host"] = "10.0.0.1"


def masking_more(policy: dict[str, Any]) -> None:
    policy["masking"] = [{"name": "phones", "entity": "phone"}]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (denied, "no longer lets you in"),
        (without_the_role, "no longer in the policy"),
        (elsewhere, "has changed. Connect again"),
        (masking_more, "has changed. Connect again"),
    ],
)
async def test_a_changed_policy_ends_the_sessions_it_concerns(
    gateway: Gateway,
    access: Access,
    granted: Grants,
    write_policy: WritePolicy,
    change: Callable[[dict[str, Any]], None],
    says: str,
) -> None:
    token = (await granted("db", "read")).token
    other = (await granted("host", "deploy")).token
    admission = await gateway.admit(username="read@db", token=token, protocol=Protocol.POSTGRES, client="127.0.0.1:1")
    second = await gateway.admit(username="deploy@host", token=other, protocol=Protocol.SSH, client="127.0.0.1:2")
    async with gateway.enter(second) as untouched:
        with pytest.raises(SessionEnded, match=says) as cut:
            async with gateway.enter(admission) as session:
                policy = yaml.safe_load(access.policies.path.read_text())
                change(policy)
                write_policy(policy)
                access.policies.reload()
                await adopt(access)
                async with asyncio.timeout(20):
                    await session.run(asyncio.sleep(60))
        assert cut.value.reason is EndReason.REVOKED
        assert (untouched.ending is None) is (change is not masking_more)
    if "Connect again" in says:
        await gateway.admit(username="read@db", token=token, protocol=Protocol.POSTGRES, client="127.0.0.1:1")
    else:
        with pytest.raises(AccessRefused, match=says):
            await gateway.admit(username="read@db", token=token, protocol=Protocol.POSTGRES, client="127.0.0.1:1")
