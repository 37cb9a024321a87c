"""What a provider's word ends: sign-ins, requests and grants of who left; and what it fills: groups of the policy."""

import asyncio
import base64
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select, text
from sqlmodel import col

from access.decisions.requests import Ask, submit
from access.grants import grants
from access.identity import linking
from access.identity.browser_sessions import current
from access.identity.people import principal_of
from access.identity.proven import SignIn
from access.identity.sign_in import CannotSignIn, SignInProblem, sign_in
from access.in_force import policy_in_force
from access.policy.file import PolicyFile
from access.policy.policy import Policy
from storage.model import AccessRequest, BrowserSession, Grant, IdentityProvider, Principal, RequestState, ScimUser
from support.web.provisioning import Provisioner
from support.web.stage import PagesStage

READ = Ask("payments-db", "read", 900)
ADMIN = Ask("payments-db", "admin", 900)
OFF = {"op": "replace", "path": "active", "value": False}
ON = {"op": "replace", "path": "active", "value": True}


def proven(stage: PagesStage, subject: str, email: str | None, *groups: str) -> SignIn:
    now = datetime.now(UTC)
    return SignIn(
        issuer=stage.provider.issuer,
        subject=subject,
        issued_at=now,
        signed_in_at=now,
        methods=("pwd",),
        level=None,
        provider_session=None,
        email=email,
        email_verified=True,
        claims={"groups": list(groups)},
    )


async def who(stage: PagesStage, account: SignIn) -> Principal:
    secret = await sign_in(stage.world.access, "corp", account)
    async with stage.world.database.transaction() as transaction:
        found = await current(transaction, secret, datetime.now(UTC))
    assert found is not None
    return found.principal


async def in_force(stage: PagesStage) -> Policy:
    async with stage.world.database.transaction() as transaction:
        policy = await policy_in_force(stage.world.access, transaction)
    assert policy is not None
    return policy


async def refusal(stage: PagesStage, account: SignIn) -> SignInProblem:
    with pytest.raises(CannotSignIn) as refused:
        await who(stage, account)
    return refused.value.reason


@pytest.mark.parametrize("way", ["patch", "put", "delete", "before the first sign-in"])
async def test_who_leaves_loses_sign_ins_requests_and_grants(stage: PagesStage, corp: Provisioner, way: str) -> None:
    user = await corp.user("alice@example.com")
    at = f"/Users/{user['id']}"
    alice = stage.world["alice"]
    if way != "before the first sign-in":
        assert (await who(stage, proven(stage, "u-alice", "alice@example.com"))).id == alice.id
    await submit(stage.world.access, alice, READ)
    await submit(stage.world.access, alice, ADMIN)
    if way == "put":
        status, _ = await corp.send("PUT", at, {**user, "active": False})
    elif way == "delete":
        status, _ = await corp.send("DELETE", at)
    else:
        status, _ = await corp.patch(at, OFF)
    assert status in {200, 204}
    assert all(each.ended_at is not None for each in await stage.world.all(BrowserSession))
    [grant] = await stage.world.all(Grant)
    assert (grant.revoked_at is not None, grant.revoke_reason) == (True, "deactivated by the provider")
    assert {each.state for each in await stage.world.all(AccessRequest)} == {
        RequestState.APPROVED,
        RequestState.CANCELLED,
    }
    policy = await in_force(stage)
    assert "alice" not in policy.people
    assert (await submit(stage.world.access, alice, READ)).state is RequestState.DENIED
    [told] = await stage.world.events("scim:user:delete" if way == "delete" else "scim:user:deactivate")
    assert (told["detail"]["person"], told["detail"]["provider"], told["resource"]) == (
        "alice",
        "corp",
        "alice@example.com",
    )
    assert await refusal(stage, proven(stage, "u-alice", "alice@example.com")) is SignInProblem.DEACTIVATED
    [refused] = [each for each in await stage.world.events("web:browser:sign_in") if each["outcome"] == "failure"]
    assert refused["detail"]["why"] == "deactivated"


async def test_the_next_of_an_address_gets_no_slack_account_of_the_last(stage: PagesStage, corp: Provisioner) -> None:
    """A leaver's account in Slack may still be theirs, and the address somebody else's."""
    user = await corp.user("zoe@example.com")
    await corp.group("db-oncall", user["id"])
    zoe = await who(stage, proven(stage, "u-zoe", "zoe@example.com"))
    secret = (await stage.slack_link("U0ZOE")).rpartition("/")[2]
    await linking.link(stage.world.access, base64.urlsafe_b64decode(secret + "="), zoe)
    assert (await in_force(stage)).people["zoe"].slack == "U0ZOE"
    await corp.send("DELETE", f"/Users/{user['id']}")
    again = await corp.user("zoe@example.com")
    await corp.group("db-oncall-2", again["id"], externalId="db-oncall")
    async with stage.world.database.transaction() as transaction:
        assert await principal_of(transaction, IdentityProvider.SLACK, "T0TEAM", "U0ZOE") is None
    known = (await in_force(stage)).people.get("zoe")
    assert known is None or known.slack is None


async def test_who_is_active_again_comes_in_again(stage: PagesStage, corp: Provisioner) -> None:
    user = await corp.user("alice@example.com")
    await who(stage, proven(stage, "u-alice", "alice@example.com"))
    await corp.patch(f"/Users/{user['id']}", OFF)
    await corp.patch(f"/Users/{user['id']}", ON)
    assert (await who(stage, proven(stage, "u-alice", "alice@example.com"))).name == "alice"
    assert "alice" in (await in_force(stage)).people
    assert [each["resource"] for each in await stage.world.events("scim:user:activate")] == ["alice@example.com"]


async def test_who_was_deleted_comes_back_by_a_new_user(stage: PagesStage, corp: Provisioner) -> None:
    user = await corp.user("alice@example.com")
    await who(stage, proven(stage, "u-alice", "alice@example.com"))
    await corp.send("DELETE", f"/Users/{user['id']}")
    assert (await corp.send("GET", f"/Users/{user['id']}"))[0] == 404
    assert await refusal(stage, proven(stage, "u-alice", "alice@example.com")) is SignInProblem.DEACTIVATED
    await corp.user("alice@example.com")
    assert (await who(stage, proven(stage, "u-alice", "alice@example.com"))).name == "alice"


async def test_a_new_name_hides_nobody(stage: PagesStage, corp: Provisioner) -> None:
    """Called anew first, and deactivated then, before anybody signed in."""
    user = await corp.user("alice@example.com")
    await submit(stage.world.access, stage.world["alice"], READ)
    at = f"/Users/{user['id']}"
    renamed = {"userName": "a.archer@example.com", "emails": [{"value": "a.archer@example.com", "primary": True}]}
    assert (await corp.patch(at, {"op": "replace", "value": renamed}))[0] == 200
    await corp.patch(at, OFF)
    [grant] = await stage.world.all(Grant)
    assert grant.revoked_at is not None
    assert "alice" not in (await in_force(stage)).people


async def test_an_address_of_before_is_theirs_in_no_process(stage: PagesStage, corp: Provisioner) -> None:
    zoe = await corp.user("zoe@example.com")
    await corp.group("db-oncall", zoe["id"])
    assert (await in_force(stage)).people["zoe"].email == "zoe@example.com"
    renamed = {"userName": "zora@example.com", "emails": [{"value": "zora@example.com", "primary": True}]}
    assert (await corp.patch(f"/Users/{zoe['id']}", {"op": "replace", "value": renamed}))[0] == 200
    assert (await in_force(stage)).people["zoe"].email == "zora@example.com"


async def test_an_account_is_barred_by_its_subject_whatever_its_address(stage: PagesStage, corp: Provisioner) -> None:
    user = await corp.user("alice@example.com")
    await who(stage, proven(stage, "u-alice", "alice@example.com"))
    await corp.patch(f"/Users/{user['id']}", OFF)
    await corp.user("bob@example.com")
    for address in ("alice@example.com", "bob@example.com", "new@example.com", None):
        assert await refusal(stage, proven(stage, "u-alice", address)) is SignInProblem.DEACTIVATED


async def test_another_user_of_theirs_keeps_who_is_active_by_it(stage: PagesStage, corp: Provisioner) -> None:
    first = await corp.user("alice@example.com")
    await corp.user("alice.admin@example.com", emails=[{"value": "ALICE@example.com"}])
    await submit(stage.world.access, stage.world["alice"], READ)
    await corp.send("DELETE", f"/Users/{first['id']}")
    [grant] = await stage.world.all(Grant)
    assert grant.revoked_at is None
    assert "alice" in (await in_force(stage)).people


async def test_a_sign_in_and_a_deactivation_at_once_leave_nobody_in(stage: PagesStage, corp: Provisioner) -> None:
    user = await corp.user("alice@example.com")
    account = proven(stage, "u-alice", "alice@example.com")
    signing = [asyncio.create_task(sign_in(stage.world.access, "corp", account)) for _ in range(4)]
    assert (await corp.patch(f"/Users/{user['id']}", OFF))[0] == 200
    ended = await asyncio.gather(*signing, return_exceptions=True)
    assert {type(each) for each in ended} <= {bytes, CannotSignIn}
    assert all(each.ended_at is not None for each in await stage.world.all(BrowserSession))


async def test_by_subject_it_is_the_external_id_that_counts(stage: PagesStage, corp: Provisioner) -> None:
    document = stage.world.access.policies.written.document
    document["providers"]["corp"]["identify"] = "subject"
    document["people"]["alice"]["subjects"] = {"corp": "u-alice"}
    await stage.world.write(document)
    user = await corp.user("whoever@example.com", externalId="u-alice")
    other = await corp.user("alice@example.com", externalId="u-other")
    await submit(stage.world.access, stage.world["alice"], READ)
    await corp.patch(f"/Users/{other['id']}", OFF)
    [grant] = await stage.world.all(Grant)
    assert grant.revoked_at is None
    await corp.patch(f"/Users/{user['id']}", OFF)
    [grant] = await stage.world.all(Grant)
    assert grant.revoked_at is not None
    assert await refusal(stage, proven(stage, "u-alice", None)) is SignInProblem.DEACTIVATED


async def test_a_member_of_a_named_group_is_somebody_at_once(stage: PagesStage, corp: Provisioner) -> None:
    zoe = await corp.user("Zoe@example.com")
    assert await stage.world.events("scim:person:join") == []
    await corp.group("db-oncall", zoe["id"])
    [joined] = await stage.world.events("scim:person:join")
    assert (joined["resource"], joined["detail"]["people"]) == ("corp", {"zoe": zoe["id"]})
    assert (await in_force(stage)).members(["oncall"]) == {"zoe"}
    person = await who(stage, proven(stage, "u-zoe", "zoe@example.com"))
    assert (person.name, person.brought_by) == ("zoe", stage.provider.issuer)
    assert (await submit(stage.world.access, person, READ)).state is RequestState.APPROVED
    assert len([each for each in await stage.world.all(Principal) if each.name.startswith("zoe")]) == 1


async def test_who_is_taken_out_of_the_group_loses_what_it_gave(stage: PagesStage, corp: Provisioner) -> None:
    zoe = await corp.user("zoe@example.com")
    group = await corp.group("db-oncall", zoe["id"])
    person = await who(stage, proven(stage, "u-zoe", "zoe@example.com", "db-oncall"))
    await submit(stage.world.access, person, READ)
    [grant] = await stage.world.all(Grant)
    assert grants.still_allowed(await in_force(stage), grant, "zoe") is None
    status, _ = await corp.patch(f"/Groups/{group['id']}", {"op": "remove", "path": f'members[value eq "{zoe["id"]}"]'})
    assert status == 200
    assert "zoe is not in the policy" in str(grants.still_allowed(await in_force(stage), grant, "zoe"))
    # What a claim says counts for nothing.
    account = proven(stage, "u-zoe", "zoe@example.com", "db-oncall")
    assert await refusal(stage, account) is SignInProblem.NO_GROUP
    assert (await in_force(stage)).members(["oncall"]) == frozenset()


async def test_claims_bring_nobody_where_the_provider_provisions(stage: PagesStage, corp: Provisioner) -> None:
    account = proven(stage, "u-zoe", "zoe@example.com", "db-oncall")
    assert await refusal(stage, account) is SignInProblem.UNKNOWN
    await corp.group("db-oncall")
    assert await refusal(stage, account) is SignInProblem.UNKNOWN


@pytest.mark.parametrize("called", [{"displayName": "DB on call", "externalId": "db-oncall"}, {"displayName": "x"}])
async def test_a_group_is_meant_by_its_name_or_its_external_id(
    stage: PagesStage, corp: Provisioner, called: dict[str, str]
) -> None:
    zoe = await corp.user("zoe@example.com")
    await corp.group("other", zoe["id"], **called)
    expected = {"zoe"} if "externalId" in called else set[str]()
    assert (await in_force(stage)).members(["oncall"]) == expected


async def test_a_group_that_the_policy_names_later_brings_its_members_then(
    stage: PagesStage, corp: Provisioner
) -> None:
    zoe = await corp.user("zoe@example.com")
    await corp.group("leads", zoe["id"])
    assert "zoe" not in (await in_force(stage)).people
    document = stage.world.access.policies.written.document
    document["groups"]["leads"] = {"provider": "corp", "value": "leads"}
    await stage.world.write(document)
    assert (await in_force(stage)).members(["leads"]) == {"zoe"}


async def test_another_process_hears_of_it(stage: PagesStage, corp: Provisioner) -> None:
    """A second process has the policy file, and a directory of its own."""
    access = stage.world.access
    other = type(access)(access.database, PolicyFile(access.policies.path), str, access.keys)
    zoe = await corp.user("zoe@example.com")
    async with access.database.transaction() as transaction:
        before = await policy_in_force(other, transaction)
    assert before is not None
    assert before.members(["oncall"]) == frozenset()
    group = await corp.group("db-oncall", zoe["id"])
    async with access.database.transaction() as transaction:
        after = await policy_in_force(other, transaction)
    assert after is not None
    assert after.members(["oncall"]) == {"zoe"}
    await corp.send("DELETE", f"/Groups/{group['id']}")
    async with access.database.transaction() as transaction:
        last = await policy_in_force(other, transaction)
    assert last is not None
    assert last.members(["oncall"]) == frozenset()


async def test_a_policy_without_scim_hears_nothing_more(stage: PagesStage, corp: Provisioner) -> None:
    user = await corp.user("alice@example.com")
    await corp.patch(f"/Users/{user['id']}", OFF)
    document = stage.world.access.policies.written.document
    del document["providers"]["corp"]["scim"]
    await stage.world.write(document)
    assert (await corp.send("GET", "/Users"))[0] == 401
    assert (await who(stage, proven(stage, "u-alice", "alice@example.com"))).name == "alice"


async def test_ten_thousand_members_are_no_square(
    stage: PagesStage, corp: Provisioner, capsys: pytest.CaptureFixture[str]
) -> None:
    """Storage asks its own clock how long each of two transactions takes; work is compared, not a threshold."""
    async with stage.world.database.transaction() as transaction:
        await transaction.execute(
            text(
                "INSERT INTO scim_user (id, issuer, user_key, address, active, version) SELECT gen_random_uuid(), "
                ":issuer, 'user' || n || '@example.com', 'user' || n || '@example.com', true, 1 "
                "FROM generate_series(1, 10000) n"
            ),
            {"issuer": stage.provider.issuer},
        )
        ids = [str(each) for each in (await transaction.scalars(select(col(ScimUser.id)))).all()]
    loop = asyncio.get_running_loop()
    times: dict[str, float] = {}

    async def timed(what: str, task: Any) -> Any:
        began = loop.time()
        done = await task
        times[what] = loop.time() - began
        return done

    group = await timed("create with 10,000", corp.group("everybody", *ids))
    assert len(group["members"]) == 10_000
    at = f"/Groups/{group['id']}"
    one = {"op": "remove", "path": f'members[value eq "{ids[0]}"]'}
    assert (await timed("remove one", corp.patch(at, one)))[0] == 204
    assert (await timed("add one", corp.patch(at, {"op": "add", "path": "members", "value": [{"value": ids[0]}]})))[
        0
    ] == 204
    few = [{"value": each} for each in ids[:5_000]]
    status, half = await timed("replace by 5,000", corp.send("PUT", at, {**group, "members": few}))
    assert (status, len(half["members"])) == (200, 5_000)
    rename = {"op": "replace", "path": "displayName", "value": "db-oncall"}
    assert (await timed("bring 5,000 people", corp.patch(at, rename)))[0] == 204
    assert len((await timed("read the policy", in_force(stage))).members(["oncall"])) == 5_000
    with capsys.disabled():
        print("\n" + "\n".join(f"  {what}: {seconds:.2f} s" for what, seconds in times.items()))
    assert times["remove one"] + times["add one"] < times["create with 10,000"]


async def test_no_cookie_of_a_browser_counts(stage: PagesStage) -> None:
    secret = await sign_in(stage.world.access, "corp", proven(stage, "u-alice", "alice@example.com"))
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        anonymous = Provisioner(session, f"{stage.url}/scim/v2/corp", None)
        status, said = await anonymous.send("GET", "/Users", Cookie=f"__Host-session={secret.hex()}")
        assert (status, said["status"]) == (401, "401")


async def test_all_at_once_nobody_waits_for_each_other_for_ever(stage: PagesStage, corp: Provisioner) -> None:
    """Sign-ins, members who come and go, and users switched on and off: every answer is one of ours."""
    users = [await corp.user(f"u{number}@example.com") for number in range(6)]
    group = await corp.group("db-oncall")
    at = f"/Groups/{group['id']}"
    asked = [corp.patch(at, {"op": "add", "path": "members", "value": [{"value": each["id"]}]}) for each in users]
    asked += [corp.patch(f"/Users/{each['id']}", said) for each in users for said in (OFF, ON)]
    names = [each["userName"] for each in users]
    signing = [sign_in(stage.world.access, "corp", proven(stage, f"s-{name}", name)) for name in names * 2]
    told, ended = await asyncio.gather(asyncio.gather(*asked), asyncio.gather(*signing, return_exceptions=True))
    assert {status for status, _ in told} == {200}
    assert {type(each) for each in ended} <= {bytes, CannotSignIn}
    # Whom a sign-in held at the moment is left to the next one, or to the next word of the provider.
    for each in users:
        await corp.patch(f"/Users/{each['id']}", OFF)
        await corp.patch(f"/Users/{each['id']}", ON)
    assert len((await in_force(stage)).members(["oncall"])) == 6
    assert len([each for each in await stage.world.all(Principal) if each.brought_by]) == 6
