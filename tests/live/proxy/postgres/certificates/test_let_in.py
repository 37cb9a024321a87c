"""A good client certificate: no password is asked for, by any client and any TLS, and the session says what it was."""

import asyncio
import json
import ssl
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from access.context import Access
from access.errors import Refused
from access.identity import browser_sessions, presented
from access.identity.adoption import adopt
from access.identity.handing import hand_token
from access.identity.incidents import lost
from access.identity.proof import Unproven
from proxy.errors import AccessRefused
from proxy.sessions.gateway import Gateway
from storage.model import AuditEvent, BrowserSession, IssuedCredential, Principal, Protocol
from support.access import World
from support.identity.certificates import Forger
from support.identity.touching import signed_in
from support.postgres import Door


async def put(access: Access, **role: Any) -> None:
    policy = yaml.safe_load(access.policies.path.read_text())
    policy["resources"]["db"]["roles"]["read"] |= role
    access.policies.path.write_text(yaml.safe_dump(policy))
    access.policies.reload()
    await adopt(access)


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
async def test_psql_is_let_in_without_a_password(forger: Forger, door: Door, version: str) -> None:
    shown, given = await forger.good()
    how = shown.words | {"ssl_min_protocol_version": version, "ssl_max_protocol_version": version}
    assert await door.psql("read", "-c", "select current_user", **how) == (0, "app_read\n", "")
    session = await door.ended()
    async with forger.access.database.transaction() as transaction:
        row = (await transaction.scalars(select(IssuedCredential))).one()
    assert session.credential == {"kind": "certificate", "id": given.id, "fingerprint": row.fingerprint}
    assert (row.id, row.issued_to, row.expires_at) == (given.id, "127.0.0.1", given.until)


async def test_psycopg_and_asyncpg(forger: Forger, door: Door) -> None:
    shown, _ = await forger.good()
    connection = await door.libpq("read", **shown.words)
    assert (await (await connection.execute("select 1")).fetchone()) == (1,)
    await connection.close()
    context = ssl.create_default_context(cafile=str(door.ca_file))
    context.load_cert_chain(shown.certificate, shown.key)
    other = await door.connect("read", ssl=context, password=None)
    assert await other.fetchval("select 1") == 1
    await other.close()


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_in_every_way_that_tls_begins(
    forger: Forger, told: Any, version: ssl.TLSVersion, *, direct: bool
) -> None:
    shown, _ = await forger.good()
    assert await told(shown, direct=direct, minimum_version=version, maximum_version=version) == "in"
    assert await told(None, direct=direct, minimum_version=version, maximum_version=version) == "password"


async def test_many_at_once(forger: Forger, told: Any) -> None:
    shown = [(await forger.good(f"good-{number}"))[0] for number in range(4)]
    assert await asyncio.gather(*(told(each) for each in shown * 4)) == ["in"] * 16


async def test_a_session_outlives_its_certificate_and_not_its_access(forger: Forger, door: Door) -> None:
    shown, _ = await forger.good()
    connection = await door.libpq("read", **shown.words)
    await forger.change("UPDATE issued_credential SET revoked_at = now()")
    assert (await (await connection.execute("select 1")).fetchone()) == (1,)
    status, _, err = await door.psql("read", "-c", "select 1", **shown.words)
    assert (status, "was revoked by Gatepass's operators" in err) == (2, True)
    await connection.close()


async def test_each_connection_proves_its_key_anew(forger: Forger, door: Door) -> None:
    """No ticket is given with which another connection would be the same client without its key."""
    shown, _ = await forger.good()
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=str(door.ca_file))
        context.set_alpn_protocols(["postgresql"])
        context.minimum_version = context.maximum_version = version
        context.load_cert_chain(shown.certificate, shown.key)
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port, ssl=context)
        tls = writer.get_extra_info("ssl_object")
        assert tls.session is None or not tls.session.has_ticket
        writer.close()
        del reader


async def test_it_is_on_record_who_took_it_and_who_was_refused(forger: Forger, told: Any) -> None:
    _, given = await forger.good()
    await told(forger.forged("x", serial=3))
    async with forger.access.database.transaction() as transaction:
        events = [json.loads(event.body) for event in (await transaction.scalars(select(AuditEvent))).all()]
    [issued] = [event for event in events if event["action"] == "cli:certificate:issue"]
    assert (issued["outcome"], issued["resource"], issued["detail"]["certificate"]) == ("success", "db/read", given.id)
    assert issued["detail"]["fingerprint"].startswith("SHA256:")
    [refused] = [event for event in events if event["action"] == "proxy:session:refuse"]
    assert "says something else than Gatepass wrote" in refused["detail"]["why"]


# --- what the policy says -----------------------------------------------------------------------------------------


async def test_a_role_that_accepts_tokens_alone(forger: Forger, access: Access, told: Any) -> None:
    shown, _ = await forger.good()
    await put(access, accepts=["token"])
    said = await told(shown)
    assert said == "read@db does not accept a certificate, as gatepass ssh and gatepass psql do: connect with a token."
    with pytest.raises(Refused, match=r"^read@db accepts no certificate\. Connect with a token\.$"):
        await forger.good()


async def test_a_role_that_accepts_certificates_alone(forger: Forger, access: Access, told: Any) -> None:
    await put(access, accepts=["certificate"])
    shown, _ = await forger.good()
    assert await told(shown) == "in"
    with pytest.raises(Refused, match=r"^read@db accepts no token\. Connect with `gatepass psql read@db`\.$"):
        await hand_token(access, forger.grant.id, forger.alice)


async def test_a_rule_that_asks_for_proof_asks_for_it_here_too(forger: Forger, access: Access, told: Any) -> None:
    shown, _ = await forger.good()
    policy = yaml.safe_load(access.policies.path.read_text())
    policy["providers"] = {"corp": {"issuer": "https://login.example.com", "client_id": "g"}}
    policy["policy"][0]["requires"] = {"sign_in": "8h", "present": True}
    access.policies.path.write_text(yaml.safe_dump(policy))
    access.policies.reload()
    await adopt(access)
    with pytest.raises(Unproven, match="This takes a sign-in within the last 8h") as lacking:
        await forger.good()
    assert lacking.value.page == f"/grants/{forger.grant.id}"
    assert "This takes a sign-in within the last 8h" in await told(shown)


async def test_nobody_is_certified_for_what_is_over(forger: Forger) -> None:
    await forger.change("UPDATE access_grant SET not_before = now() - interval '1 hour', expires_at = now()")
    with pytest.raises(Exception, match="This access ended at"):
        await forger.good()


async def test_it_never_outlives_the_access(forger: Forger) -> None:
    await forger.change("UPDATE access_grant SET expires_at = now() + interval '90 s'")
    _, given = await forger.good()
    assert given.until <= given.grant.expires_at
    assert (given.grant.expires_at - given.until).total_seconds() < 1


async def test_it_ends_with_the_sign_in_that_it_was_given_to(forger: Forger, door: Door, told: Any) -> None:
    """As an SSH certificate does: nobody new gets in, and whoever is in goes on until the access ends."""
    access = forger.access
    async with access.database.transaction() as transaction:
        people = {person.name: person for person in (await transaction.scalars(select(Principal))).all()}
    me = await signed_in(World(access, people), "alice")
    shown, given = await forger.good(sign_in=me.session)
    other, _ = await forger.good("other")
    connection = await door.libpq("read", **shown.words)
    async with access.database.transaction() as transaction:
        assert await browser_sessions.end_one(transaction, forger.alice, me.session.id, me.session.created_at)
    assert await told(shown) == (
        "This certificate was given to a sign-in that has been ended since, and ended with it. Sign in again "
        "(`gatepass login`, or in your browser), and get a new one."
    )
    assert (await (await connection.execute("select 1")).fetchone()) == (1,)
    assert await told(other) == "in"
    await connection.close()
    await forger.change("UPDATE browser_session SET expires_at = now() + interval '90 s'")
    async with access.database.transaction() as transaction:
        [later] = (await transaction.scalars(select(BrowserSession))).all()
    _, short = await forger.good("short", sign_in=later)
    assert short.until <= later.expires_at < given.until


async def test_who_an_operator_signs_out_has_no_certificate_either(forger: Forger, door: Door) -> None:
    shown, _ = await forger.good()
    await lost.sign_out(forger.access, "alice", "operator:root", with_grants=False)
    status, _, said = await door.psql("read", "-c", "select 1", **shown.words)
    assert (status, "was revoked by Gatepass's operators" in said) == (2, True)


@pytest.mark.parametrize(("ended", "why"), [("revoked_at", "certificate was revoked"), ("expires_at", "has expired")])
async def test_what_ends_between_the_login_and_its_session_opens_none(
    forger: Forger, gateway: Gateway, ended: str, why: str
) -> None:
    _, given = await forger.good()
    brought = presented.certificate(given.certificate)
    door: dict[str, Any] = {"username": "read@db", "protocol": Protocol.POSTGRES, "client": "127.0.0.1:1"}
    admission = await gateway.admit_by(brought, **door)
    await forger.change(f"UPDATE issued_credential SET {ended} = now()")  # noqa: S608 - a column's name
    with pytest.raises(AccessRefused, match=why):
        async with gateway.enter(admission):
            pass
