"""Logged in by what has ended before the first channel: no session opens by it, and the refusal is on record."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from sqlalchemy import text

from access.context import Access
from access.grants import grants
from access.identity import browser_sessions
from access.identity.browser_sessions import SignedIn
from access.identity.handing import hand_token
from access.identity.incidents import lost
from access.identity.ssh import authority, certificates, keys, logins
from storage.database import clock
from storage.model import EndReason, SshKey
from support.access import World
from support.identity.touching import ISSUER, signed_in
from support.proxy import once_asked
from support.ssh import Audited, MakeClient, Sessions

from .conftest import Certify
from .test_keys import key_in, registered

PAGES = "https://gate.example.com"


@pytest.fixture
async def access(access: Access) -> Access:
    return replace(access, pages=PAGES)


@dataclass
class LoggedIn:
    """A connection that has asked for nothing yet, and how another one like it comes in."""

    world: World
    me: SignedIn
    connect: Callable[[], AbstractAsyncContextManager[asyncssh.SSHClientConnection]]
    #: Where the keys of the listener are.
    folder: Path


Login = Callable[[], Awaitable[LoggedIn]]
End = Callable[[LoggedIn], Awaitable[object]]


def connecting(port: int, **options: Any) -> AbstractAsyncContextManager[asyncssh.SSHClientConnection]:
    alone: dict[str, Any] = {"known_hosts": None, "config": None, "agent_path": None, "client_keys": None}
    return asyncssh.connect("127.0.0.1", port, username="deploy@web-1", **(alone | options))


@pytest.fixture
def made(
    world: World, client: MakeClient, certified: Certify, policy: dict[str, Any], tmp_path: Path
) -> dict[str, Login]:
    """Each way to be logged in as alice, by what it is."""
    folder = tmp_path / "ssh-keys"

    async def token(form: str = "signed") -> LoggedIn:
        ssh, me = await client(), await signed_in(world, "alice")
        if form == "short":
            await world.write({**policy, "tokens": {"form": "short"}})
        async with world.database.transaction() as transaction:
            [grant] = await grants.of(transaction, world["alice"])
        given = await hand_token(world.access, grant.id, world["alice"], source="web", sign_in=me.session)
        return LoggedIn(world, me, lambda: connecting(ssh.port, password=given.token), folder)

    async def certificate() -> LoggedIn:
        made = await certified()
        offered = [(made.key, made.certificate)]
        return LoggedIn(world, made.me, lambda: connecting(made.ssh.port, client_keys=offered), folder)

    async def key() -> LoggedIn:
        ssh, me, path = await client(), await signed_in(world, "alice"), key_in(tmp_path)
        await registered(world, me, path)
        return LoggedIn(world, me, lambda: connecting(ssh.port, client_keys=[str(path)]), folder)

    async def link() -> LoggedIn:
        ssh, me = await client(), await signed_in(world, "alice")

        @asynccontextmanager
        async def allowed() -> AsyncIterator[asyncssh.SSHClientConnection]:
            shown = Shown()
            options: dict[str, Any] = {"client_factory": lambda: shown, "preferred_auth": "keyboard-interactive"}
            waiting = asyncio.ensure_future(connecting(ssh.port, **options).__aenter__())
            secret, number = await shown.link
            await logins.allow(world.access, secret, me, typed=number, touch=None)
            async with await waiting as connection:
                yield connection

        return LoggedIn(world, me, allowed, folder)

    return {
        "signed": token,
        "short": lambda: token("short"),
        "certificate": certificate,
        "key": key,
        "link": link,
    }


class Shown(asyncssh.SSHClient):
    """A client that asks for a link, and waits."""

    def __init__(self) -> None:
        #: Its secret, and the number.
        self.link: asyncio.Future[tuple[bytes, str]] = asyncio.get_running_loop().create_future()

    def kbdint_auth_requested(self) -> str:
        return ""

    def kbdint_challenge_received(self, name: str, instructions: str, lang: str, prompts: Any) -> list[str]:
        for word in re.findall(rf"{PAGES}/let-in/(\S+)", instructions):
            [number] = re.findall(r"type the number there: (\d{4})", instructions)
            self.link.set_result((base64.urlsafe_b64decode(word + "="), number))
        return [""] * len(prompts)


async def by_an_operator(login: LoggedIn) -> None:
    await lost.sign_out(login.world.access, "alice", "operator:root", with_grants=False)


async def by_themselves(login: LoggedIn) -> None:
    async with login.world.database.transaction() as transaction:
        now = await clock(transaction)
        assert await browser_sessions.end_one(transaction, login.world["alice"], login.me.session.id, now)


async def by_the_end_of_the_key(login: LoggedIn) -> None:
    [key] = await login.world.all(SshKey)
    await keys.end(login.world.access, login.me, key.id)


async def by_another_signing_key(login: LoggedIn) -> None:
    login.world.access.keys.rotate(revoke=True)


async def by_a_revocation(login: LoggedIn) -> None:
    await change(login.world, "UPDATE issued_credential SET revoked_at = now()")


async def by_its_revocation(login: LoggedIn) -> None:
    await change(login.world, "UPDATE ssh_certificate SET revoked_at = now()")


async def by_another_authority(login: LoggedIn) -> None:
    authority.rotate(login.folder)


async def by_leaving(login: LoggedIn) -> None:
    await change(login.world, "UPDATE principal SET disabled_at = now() WHERE name = 'alice'")


async def change(world: World, statement: str) -> None:
    async with world.database.transaction() as transaction:
        await transaction.execute(text("SET ROLE NONE"))
        await transaction.execute(text(statement))


SIGNED_OUT = "was given to a sign-in that has been ended since"
ENDS = [
    ("signed", by_an_operator, SIGNED_OUT),
    ("signed", by_themselves, SIGNED_OUT),
    ("signed", by_another_signing_key, "signed by a key that is no longer in use"),
    ("signed", by_leaving, "no longer in Gatepass's policy"),
    ("short", by_an_operator, SIGNED_OUT),
    ("short", by_themselves, SIGNED_OUT),
    ("short", by_a_revocation, "This token was revoked"),
    ("certificate", by_an_operator, "This certificate was revoked, or its command line signed out"),
    ("certificate", by_themselves, "This certificate was revoked, or its command line signed out"),
    ("certificate", by_its_revocation, "This certificate was revoked, or its command line signed out"),
    ("certificate", by_another_authority, "certificate"),
    ("key", by_an_operator, "This key has been ended"),
    ("key", by_the_end_of_the_key, "This key has been ended"),
    ("link", by_an_operator, SIGNED_OUT),
    ("link", by_themselves, SIGNED_OUT),
]


@pytest.mark.parametrize(("kind", "end", "why"), ENDS)
async def test_what_ended_after_the_login_opens_no_session(
    made: dict[str, Login], sessions: Sessions, audited: Audited, kind: str, end: End, why: str
) -> None:
    login = await made[kind]()
    async with login.connect() as connection:
        await end(login)
        done = await connection.run("echo in")
        assert (done.exit_status, done.stdout) != (0, "in\n")
        assert why in str(done.stderr)
        await connection.wait_closed()
    assert await sessions() == []
    [event] = await audited("proxy:session:refuse")
    assert (event["actor"], why in event["detail"]["why"]) == ("human:alice", True)


async def by_revoking_all(login: LoggedIn) -> None:
    async with login.world.database.transaction() as transaction:
        assert await certificates.revoke_all(transaction) == 1


@pytest.mark.parametrize(
    ("kind", "end", "why"),
    [
        ("signed", by_themselves, SIGNED_OUT),
        ("signed", by_another_signing_key, "signed by a key that is no longer in use"),
        ("short", by_themselves, SIGNED_OUT),
        ("short", by_a_revocation, "This token was revoked"),
        ("certificate", by_themselves, "This certificate was revoked, or its command line signed out"),
        ("certificate", by_revoking_all, "This certificate was revoked, or its command line signed out"),
        ("key", by_the_end_of_the_key, "This key has been ended"),
        ("link", by_themselves, SIGNED_OUT),
    ],
)
async def test_what_ends_while_the_session_opens_ends_it(
    made: dict[str, Login], sessions: Sessions, monkeypatch: pytest.MonkeyPatch, kind: str, end: End, why: str
) -> None:
    """None of these waits for whoever connects, nor cuts what is open: the session asks once its row stands."""
    login = await made[kind]()
    once_asked(monkeypatch, lambda: end(login))
    async with login.connect() as connection:
        done = await connection.run("echo in")
        assert (done.exit_status, done.stdout) != (0, "in\n")
        assert why in str(done.stderr)
        await connection.wait_closed()
    [session] = await sessions()
    assert (session.end_reason, why in session.end_detail) == (EndReason.REVOKED, True)


@pytest.mark.parametrize("kind", ["signed", "short", "certificate", "key", "link"])
async def test_what_stands_opens_its_session_and_ends_none_that_is_open(
    made: dict[str, Login], sessions: Sessions, kind: str
) -> None:
    login = await made[kind]()
    async with login.connect() as connection:
        assert (await connection.run("echo in")).stdout == "in\n"
        await by_an_operator(login)
        assert (await connection.run("echo still")).stdout == "still\n"
    [session] = await sessions()
    assert session.credential["kind"] == {"signed": "token", "short": "token", "link": "browser"}.get(kind, kind)


@pytest.mark.parametrize("form", ["signed", "short"])
async def test_a_rule_that_asks_for_a_sign_in_asks_when_the_session_opens(
    world: World, client: MakeClient, policy: dict[str, Any], audited: Audited, form: str
) -> None:
    """A token from Slack belongs to no sign-in; its rule does."""
    ssh, _ = await client(), await signed_in(world, "alice")
    policy["providers"] = {"corp": {"issuer": ISSUER, "client_id": "gatepass"}}
    policy["policy"][0]["requires"] = {"sign_in": "1h"}
    await world.write({**policy, "tokens": {"form": form}})
    async with world.database.transaction() as transaction:
        [grant] = await grants.of(transaction, world["alice"])
    token = (await hand_token(world.access, grant.id, world["alice"])).token
    async with connecting(ssh.port, password=token) as connection:
        await lost.sign_out(world.access, "alice", "operator:root", with_grants=False)
        assert "This takes a sign-in" in str((await connection.run("echo in")).stderr)
    [event] = await audited("proxy:session:refuse")
    assert "This takes a sign-in" in event["detail"]["why"]
