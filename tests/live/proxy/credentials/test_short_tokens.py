"""Short tokens at the gateway's door: let in, refused at another door, counted, and outlived by what they opened."""

from typing import Any

import pytest
import yaml
from sqlalchemy import select, text
from sqlmodel import col

from access.context import Access
from access.grants import grants
from access.identity.adoption import adopt
from access.identity.credentials import short_token
from access.identity.handing import Handed, hand_token
from proxy.doors.lockouts import FAILURES_PER_PRINCIPAL, FAILURES_PER_SOURCE
from proxy.errors import AccessRefused
from proxy.sessions.authenticator import Authenticator
from proxy.sessions.gateway import Gateway
from storage.model import Grant, IssuedCredential, Principal, Protocol, Session
from support.proxy import Grants, WritePolicy


@pytest.fixture
async def access(access: Access, write_policy: WritePolicy) -> Access:
    policy = yaml.safe_load(access.policies.path.read_text())
    write_policy(policy | {"tokens": {"form": "short", "lifetime": "5m"}})
    access.policies.reload()
    await adopt(access)
    return access


async def handed(access: Access, granted: Grants, role: str = "read") -> Handed:
    return await handed_again(access, (await granted("db", role)).grant)


async def handed_again(access: Access, grant: Grant) -> Handed:
    async with access.database.transaction() as transaction:
        alice = (await transaction.scalars(select(Principal).where(col(Principal.name) == "alice"))).one()
    return await hand_token(access, grant.id, alice)


async def expire(access: Access) -> None:
    async with access.database.transaction() as transaction:
        await transaction.execute(text("SET ROLE NONE"))
        await transaction.execute(
            text("UPDATE issued_credential SET issued_at = now() - interval '1 hour', expires_at = now()")
        )


def door(username: str = "read@db", client: str = "127.0.0.1:1") -> dict[str, Any]:
    return {"username": username, "protocol": Protocol.POSTGRES, "client": client}


async def no_wait(_: float) -> None:
    """Time passes for nobody."""


async def test_it_lets_in_and_the_admission_says_which_one_it_was(access: Access, granted: Grants) -> None:
    given = await handed(access, granted)
    admitted = await Authenticator(access).admit(token=given.token, **door())
    async with access.database.transaction() as transaction:
        row = (await transaction.scalars(select(IssuedCredential))).one()
    assert admitted.credential == {"kind": "token", "id": row.id}
    assert admitted.principal.name == "alice"


async def test_at_another_door_it_opens_nothing(access: Access, granted: Grants) -> None:
    given = await handed(access, granted)
    await granted("db", "admin")
    with pytest.raises(AccessRefused) as refused:
        await Authenticator(access, sleep=no_wait).admit(token=given.token, **door("admin@db"))
    assert str(refused.value) == (
        "This token opens read@db, not admin@db. Get a token for this door from Gatepass in Slack."
    )


@pytest.mark.parametrize("how", ["expired", "unknown", "mistyped", "revoked grant"])
async def test_each_refusal_says_why(access: Access, granted: Grants, how: str) -> None:
    given = await handed(access, granted)
    token, sentence = {
        "expired": (given.token, "This token has expired. Get a new one"),
        "unknown": (short_token.new(), "Gatepass knows no such token"),
        "mistyped": (given.token[:-1] + "!", "This is no Gatepass token. Copy the whole token"),
        "revoked grant": (given.token, "This access was revoked"),
    }[how]
    if how == "expired":
        await expire(access)
    if how == "revoked grant":
        await grants.revoke(access, given.grant.id, None, "done")
    with pytest.raises(AccessRefused, match=sentence):
        await Authenticator(access, sleep=no_wait).admit(token=token, **door())


async def test_guesses_count_against_their_source_and_expired_ones_against_their_holder(
    access: Access, granted: Grants
) -> None:
    given = await handed(access, granted)
    gate = Authenticator(access, sleep=no_wait)
    for _ in range(FAILURES_PER_SOURCE):
        with pytest.raises(AccessRefused, match="knows no such token"):
            await gate.admit(token=short_token.new(), **door(client="203.0.113.9:1"))
    with pytest.raises(AccessRefused, match="too many failed logins"):
        await gate.admit(token=given.token, **door(client="203.0.113.9:1"))
    assert (await gate.admit(token=given.token, **door())).principal.name == "alice", "nobody else is kept out"
    await expire(access)
    for number in range(FAILURES_PER_PRINCIPAL):
        with pytest.raises(AccessRefused, match="has expired"):
            await gate.admit(token=given.token, **door(client=f"198.51.100.{number}:1"))
    fresh = await handed_again(access, given.grant)
    with pytest.raises(AccessRefused, match="too many failed logins"):
        await gate.admit(token=fresh.token, **door())


async def test_a_token_that_is_over_opens_nothing_new_and_ends_nothing(
    access: Access, granted: Grants, gateway: Gateway
) -> None:
    given = await handed(access, granted)
    admission = await gateway.admit(token=given.token, **door())
    async with gateway.enter(admission) as session:
        await expire(access)
        with pytest.raises(AccessRefused, match="has expired"):
            await gateway.admit(token=given.token, **door())
        assert session.ending is None
    async with access.database.transaction() as transaction:
        row = (await transaction.scalars(select(Session))).one()
    assert (row.end_reason, row.credential["kind"]) == ("closed", "token")
