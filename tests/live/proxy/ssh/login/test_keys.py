"""Registered keys at the SSH port: the real ssh with files and an agent, security keys, strangers' keys, guesses."""

import hashlib
import subprocess
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from access.errors import Refused
from access.grants import grants
from access.identity import acts, people
from access.identity.browser_sessions import SignedIn
from access.identity.incidents import lost
from access.identity.security_keys import TooOld
from access.identity.ssh import keys, public_keys
from access.identity.ssh.keys import TakesTouch
from access.identity.ssh.public_keys import SK_ED25519
from access.identity.ssh.wire import string
from proxy.doors.unknown_keys import UnknownKeys
from proxy.sessions.gateway import Gateway
from storage.model import KeyEnd, Post, SshKey
from support.access import World
from support.identity.touching import owner, signed_in
from support.ssh import Audited, Client, MakeClient, Sessions, Upstream

KINDS = {"ed25519": [], "ecdsa": ["-b", "521"], "rsa": ["-b", "3072"]}


def key_in(folder: Path, kind: str = "ed25519", name: str = "own") -> Path:
    path = folder / f"{name}-{kind}"
    words = ["ssh-keygen", "-q", "-t", kind, *KINDS[kind], "-N", "", "-f", path]
    subprocess.run(words, check=True, capture_output=True)
    return path


def signed(path: Path, text: str, namespace: str = "gatepass") -> str:
    words = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(path)]
    return subprocess.run(words, input=text.encode(), check=True, capture_output=True).stdout.decode()


async def registered(world: World, me: SignedIn, path: Path, name: str = "Laptop") -> SshKey:
    text = await keys.text_for(world.access, me)
    return await keys.add(world.access, me, text, signed(path, text), name, None)


@pytest.fixture
async def alice(world: World) -> SignedIn:
    return await signed_in(world, "alice")


def use(ssh: Client, path: Path) -> None:
    ssh.identity, ssh.token = str(path), ""
    ssh.options = ["PreferredAuthentications=publickey", "IdentitiesOnly=yes"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_registered_key_opens_what_its_owner_has(
    client: MakeClient, world: World, alice: SignedIn, tmp_path: Path, sessions: Sessions, kind: str
) -> None:
    ssh, path = await client(), key_in(tmp_path, kind)
    row = await registered(world, alice, path)
    use(ssh, path)
    done = await ssh.run("echo in")
    assert (done.status, done.stdout) == (0, b"in\n"), done.stderr
    [session] = await sessions()
    assert session.credential == {
        "kind": "key",
        "form": row.kind,
        "name": "Laptop",
        "fingerprint": public_keys.shown(row.fingerprint),
        "id": str(row.id),
    }
    assert (await world.one(SshKey, row.id)).last_used_at is not None
    ssh.door = "guarded@web-1"
    done = await ssh.run("echo in")
    assert (done.status, "alice has no open access to guarded@web-1" in done.stderr) == (255, True)


async def test_an_agent_with_ten_keys_is_not_locked_out(
    client: MakeClient, world: World, alice: SignedIn, tmp_path: Path, audited: Audited
) -> None:
    ssh = await client()
    paths = [key_in(tmp_path, name=f"k{index}") for index in range(10)]
    await registered(world, alice, paths[-1])
    agent = tmp_path / "a"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", agent], stdout=subprocess.DEVNULL)
    try:
        while not agent.exists():
            assert process.poll() is None
        for path in paths:
            subprocess.run(
                ["ssh-add", "-q", path], env={"SSH_AUTH_SOCK": str(agent), "PATH": "/usr/bin:/bin"}, check=True
            )
        ssh.token = ""
        # The first of an option counts.
        words = ["ssh", f"-oIdentityAgent={agent}", "-oPreferredAuthentications=publickey", *ssh.command()[1:]]
        for _ in range(5):
            done = await ssh.finish([*words, ssh.destination, "echo in"])
            assert (done.status, done.stdout) == (0, b"in\n"), done.stderr
    finally:
        process.terminate()
        process.wait()
    assert await audited("proxy:session:refuse") == []


async def test_a_strangers_key_says_and_costs_nothing(
    client: MakeClient, gateway: Gateway, tmp_path: Path, audited: Audited
) -> None:
    ssh = await client()
    gateway.unknown_keys = UnknownKeys(burst=3, refill_s=1e6)
    use(ssh, key_in(tmp_path))
    for _ in range(3):
        done = await ssh.run("true")
        assert (done.status, "gatepass:" in done.stderr) == (255, False)
    assert not gateway.authenticator.lockout.anybody
    # From then on none is looked up, and each counts as a failed login.
    for _ in range(30):
        await ssh.run("true")
    assert gateway.authenticator.lockout.anybody
    assert await audited("proxy:source:lock")


async def refused_key(ssh: Client, audited: Audited, why: str) -> None:
    done = await ssh.run("echo in")
    assert (done.status, done.stdout) == (255, b"")
    assert why in done.stderr, done.stderr
    assert [why in each["detail"]["why"] for each in await audited("proxy:session:refuse")] == [True]


async def test_it_ends_with_the_grant(
    client: MakeClient, world: World, alice: SignedIn, tmp_path: Path, audited: Audited
) -> None:
    ssh, path = await client(), key_in(tmp_path)
    await registered(world, alice, path)
    async with world.database.transaction() as transaction:
        [grant] = await grants.of(transaction, world["alice"])
    await grants.revoke(world.access, grant.id, world["alice"])
    use(ssh, path)
    await refused_key(ssh, audited, "alice has no open access to deploy@web-1")


async def test_bobs_key_opens_nothing_of_alices(
    client: MakeClient, world: World, tmp_path: Path, audited: Audited
) -> None:
    ssh, path = await client(), key_in(tmp_path)
    await registered(world, await signed_in(world, "bob"), path)
    use(ssh, path)
    await refused_key(ssh, audited, "bob has no open access to deploy@web-1")


async def test_a_role_that_takes_no_keys_is_asked_for_none(
    client: MakeClient, world: World, alice: SignedIn, tmp_path: Path, policy: dict[str, Any], audited: Audited
) -> None:
    ssh, path = await client(), key_in(tmp_path)
    await registered(world, alice, path)
    policy["resources"]["web-1"]["roles"]["deploy"]["accepts"] = ["token"]
    await world.write(policy)
    ssh.identity = str(path)
    assert (await ssh.run("echo in")).stdout == b"in\n", "by the token, as ever"
    assert await audited("proxy:session:refuse") == []


async def test_ended_keys_and_leavers(
    client: MakeClient, world: World, alice: SignedIn, tmp_path: Path, audited: Audited
) -> None:
    ssh, path = await client(), key_in(tmp_path)
    row = await registered(world, alice, path)
    use(ssh, path)
    ended = await keys.end(world.access, alice, row.id)
    assert ended.end_reason is KeyEnd.REMOVED
    assert (await ssh.run("true")).status == 255
    with pytest.raises(Refused, match="ended already"):
        await keys.end(world.access, alice, row.id)
    with pytest.raises(Refused, match="no key comes back that has ended"):
        await registered(world, alice, path)
    other = await registered(world, alice, key_in(tmp_path, name="other"))
    async with world.database.transaction() as transaction:
        await people._end_all(transaction, world["alice"], "left", alice.session.created_at)  # pyright: ignore[reportPrivateUsage]
    assert (await world.one(SshKey, other.id)).end_reason is KeyEnd.LEFT
    assert [each["detail"]["why"] for each in await audited("web:ssh_key:end")] == ["removed", "left"]


async def test_a_lost_laptops_key_is_ended_by_an_operator(
    client: MakeClient, world: World, alice: SignedIn, tmp_path: Path, audited: Audited
) -> None:
    ssh, path = await client(), key_in(tmp_path)
    row = await registered(world, alice, path)
    use(ssh, path)
    assert (await ssh.run("true")).status == 0
    ended = await lost.sign_out(world.access, "alice", "operator:root", with_grants=False)
    assert (ended.sign_ins, ended.ssh_keys, ended.grants) == (1, 1, 0)
    assert (await ssh.run("true")).status == 255
    assert (await world.one(SshKey, row.id)).end_reason is KeyEnd.OPERATOR
    assert [each["actor"] for each in await audited("web:ssh_key:end")] == ["gatepass"]


async def test_what_is_told_and_recorded(world: World, alice: SignedIn, tmp_path: Path) -> None:
    row = await registered(world, alice, key_in(tmp_path))
    [event] = await world.events("web:ssh_key:add")
    assert (event["actor"], event["outcome"], event["detail"]["key"]) == ("human:alice", "success", str(row.id))
    [post] = await world.all(Post)
    assert (post.subject.value, post.subject_id, post.address) == ("ssh_key", row.id, "U0ALICE")


async def another_namespace(world: World, me: SignedIn, path: Path) -> tuple[str, str]:
    text = await keys.text_for(world.access, me)
    return text, signed(path, text, "git")


async def another_text(world: World, me: SignedIn, path: Path) -> tuple[str, str]:
    text = await keys.text_for(world.access, me)
    return text, signed(path, await keys.text_for(world.access, me))


async def another_key(world: World, me: SignedIn, path: Path) -> tuple[str, str]:
    text = await keys.text_for(world.access, me)
    lines = signed(path, text).splitlines()
    other = signed(key_in(path.parent, name="x"), text).splitlines()
    return text, "\n".join([*lines[:3], *other[3:]])


async def a_text_of_ones_own(world: World, _: SignedIn, path: Path) -> tuple[str, str]:
    return "gatepass-mine", signed(path, "gatepass-mine")


async def somebody_elses_text(world: World, _: SignedIn, path: Path) -> tuple[str, str]:
    text = await keys.text_for(world.access, await signed_in(world, "bob"))
    return text, signed(path, text)


async def another_browsers_text(world: World, me: SignedIn, path: Path) -> tuple[str, str]:
    text = await keys.text_for(world.access, await signed_in(world, me.principal.name))
    return text, signed(path, text)


async def a_used_text(world: World, me: SignedIn, path: Path) -> tuple[str, str]:
    text = await keys.text_for(world.access, me)
    await keys.add(world.access, me, text, signed(key_in(path.parent, name="first"), text), "First", None)
    return text, signed(path, text)


async def anothers_key(world: World, me: SignedIn, path: Path) -> tuple[str, str]:
    await registered(world, await signed_in(world, "bob"), path)
    text = await keys.text_for(world.access, me)
    return text, signed(path, text)


FORGED = [
    (another_namespace, "-n gatepass"),
    (another_text, "not the signature of that text"),
    (another_key, "not the signature of that text"),
    (a_text_of_ones_own, "This text is over"),
    (somebody_elses_text, "This text is over"),
    (another_browsers_text, "This text is over"),
    (a_used_text, "This text is over, or it was used"),
    (anothers_key, "known here already"),
]


@pytest.mark.parametrize(("forge", "why"), FORGED, ids=[forge.__name__ for forge, _ in FORGED])
async def test_what_proves_nothing_adds_nothing(
    world: World, alice: SignedIn, tmp_path: Path, forge: Any, why: str
) -> None:
    text, armour = await forge(world, alice, key_in(tmp_path))
    before = len(await world.all(SshKey))
    with pytest.raises(Refused, match=why):
        await keys.add(world.access, alice, text, armour, "Laptop", None)
    assert len(await world.all(SshKey)) == before
    failed = [each for each in await world.events("web:ssh_key:add") if each["outcome"] == "failure"]
    assert [each["actor"] for each in failed] == ["human:alice"]


async def test_an_old_sign_in_changes_nothing(world: World, alice: SignedIn, tmp_path: Path) -> None:
    row = await registered(world, alice, key_in(tmp_path))
    old = await signed_in(world, "alice", ago_s=601)
    with pytest.raises(TooOld):
        await keys.text_for(world.access, old)
    with pytest.raises(TooOld):
        await keys.add(world.access, old, "t", "a", "Laptop", None)
    with pytest.raises(TooOld):
        await keys.end(world.access, old, row.id)


async def test_who_has_a_security_key_touches_it(world: World, tmp_path: Path) -> None:
    alice, path = await owner(world, "alice"), key_in(tmp_path)
    text = await keys.text_for(world.access, alice.me)
    with pytest.raises(TakesTouch, match="takes a touch"):
        await keys.add(world.access, alice.me, text, signed(path, text), "Laptop", None)
    touch = await alice.touch(acts.add_ssh_key("another text"))
    with pytest.raises(TakesTouch):
        await keys.add(world.access, alice.me, text, signed(path, text), "Laptop", touch)
    touch = await alice.touch(acts.add_ssh_key(text))
    added = await keys.add(world.access, alice.me, text, signed(path, text), "Laptop", touch)
    assert (added.ended_at, added.vouched) == (None, True)


async def test_ten_at_most(world: World, alice: SignedIn, tmp_path: Path) -> None:
    for index in range(keys.MAX_KEYS):
        await registered(world, alice, key_in(tmp_path, name=f"k{index}"))
    with pytest.raises(Refused, match="as many as anybody may have"):
        await registered(world, alice, key_in(tmp_path, name="more"))


# --- security keys ----------------------------------------------------------------------------------------------------


class Hardware(asyncssh.public_key.SSHKeyPair):
    """A security key of software: signs as PROTOCOL.u2f says, with the flags that a test wants."""

    def __init__(self, flags: int, application: bytes = b"ssh:") -> None:
        self.key = Ed25519PrivateKey.generate()
        self.flags = flags
        self.application = application
        self.blob = string(SK_ED25519.encode()) + string(self.key.public_key().public_bytes_raw()) + string(application)
        name = SK_ED25519.encode()
        super().__init__(name, name, (name,), (name,), self.blob, b"")

    def sign(self, data: bytes) -> bytes:
        counter = (7).to_bytes(4)
        over = hashlib.sha256(self.application).digest() + bytes([self.flags]) + counter + hashlib.sha256(data).digest()
        return string(SK_ED25519.encode()) + string(self.key.sign(over)) + bytes([self.flags]) + counter


async def kept(world: World, me: SignedIn, pair: Hardware, *, vouched: bool = True) -> SshKey:
    key = public_keys.read(pair.blob)
    async with world.database.transaction() as transaction:
        row = SshKey(
            principal_id=me.principal.id,
            fingerprint=key.fingerprint,
            public_key=key.blob,
            kind=key.kind,
            name="Ring",
            vouched=vouched,
        )
        transaction.add(row)
    return row


@pytest.fixture
async def present(world: World, client: MakeClient, policy: dict[str, Any]) -> Client:
    """alice's access to a role whose rule asks that she is there."""
    ssh = await client()
    policy["providers"] = {"corp": {"issuer": "https://login.example.com", "client_id": "gatepass"}}
    policy["policy"][0]["requires"] = {"sign_in": "1h", "present": True}
    await world.write(policy)
    return ssh


async def logged_in(ssh: Client, pair: asyncssh.public_key.SSHKeyPair) -> str:
    async with asyncssh.connect(
        "127.0.0.1", ssh.port, username=ssh.door, known_hosts=None, config=None, agent_path=None, client_keys=[pair]
    ) as connection:
        return str((await connection.run("echo in")).stdout)


async def test_a_security_keys_touch_is_the_touch(
    present: Client, world: World, alice: SignedIn, sessions: Sessions
) -> None:
    pair = Hardware(flags=5)
    row = await kept(world, alice, pair)
    assert await logged_in(present, pair) == "in\n"
    [session] = await sessions()
    assert session.proof["touch"] | {"at": ""} == {"key": str(row.id), "name": "Ring", "user_verified": True, "at": ""}


async def test_a_key_that_nobody_touched_for_is_no_touch(present: Client, world: World, alice: SignedIn) -> None:
    """Software can wrap any key as one of a security key's kind, and add it by the command line."""
    pair = Hardware(flags=5)
    await kept(world, alice, pair, vouched=False)
    with pytest.raises(asyncssh.PermissionDenied):
        await logged_in(present, pair)


async def test_a_security_key_that_an_operator_ends_is_no_touch_by_ssh_either(
    present: Client, world: World, alice: SignedIn, tmp_path: Path
) -> None:
    pair = Hardware(flags=5)
    await kept(world, alice, pair)
    laptop = await registered(world, alice, key_in(tmp_path))
    assert await logged_in(present, pair) == "in\n"
    assert await lost.end_keys(world.access, "alice", "operator:root") == ["Ring"]
    with pytest.raises(asyncssh.PermissionDenied):
        await logged_in(present, pair)
    assert (await world.one(SshKey, laptop.id)).ended_at is None


@pytest.mark.parametrize(("flags", "why"), [(0, "was not touched"), (1, "takes a touch"), (4, "was not touched")])
async def test_less_than_a_touch_is_none(
    present: Client, world: World, alice: SignedIn, audited: Audited, flags: int, why: str
) -> None:
    pair = Hardware(flags)
    await kept(world, alice, pair)
    with pytest.raises(asyncssh.PermissionDenied):
        await logged_in(present, pair)
    [refused] = await audited("proxy:session:refuse")
    assert why in refused["detail"]["why"]


async def test_an_ordinary_key_is_no_touch(
    present: Client, world: World, alice: SignedIn, tmp_path: Path, audited: Audited
) -> None:
    path = key_in(tmp_path)
    await registered(world, alice, path)
    use(present, path)
    await refused_key(present, audited, "verify-required")


async def test_a_signature_of_another_key_is_none(
    client: MakeClient, world: World, alice: SignedIn, audited: Audited
) -> None:
    ssh, pair = await client(), Hardware(flags=5)
    await kept(world, alice, pair)
    pair.key = Ed25519PrivateKey.generate()
    with pytest.raises(asyncssh.PermissionDenied):
        await logged_in(ssh, pair)
    [refused] = await audited("proxy:session:refuse")
    assert "not of it" in refused["detail"]["why"]


async def test_the_hosts_own_key_is_a_stranger_here(client: MakeClient, sshd: Upstream) -> None:
    ssh = await client()
    use(ssh, sshd.private_key)
    assert (await ssh.run("true")).status == 255
