"""Certificates of Gatepass's own at the SSH port: the real ssh with a real one, and every kind that opens nothing."""

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import update
from sqlmodel import col

from access.errors import Refused
from access.grants import grants
from access.identity import browser_sessions
from access.identity.proof import Unproven
from access.identity.ssh import certificates
from access.identity.ssh.authority import FILE, rotate
from access.key_folders.unusable import KeyUnusable
from proxy.doors.lockouts import FAILURES_PER_SOURCE
from proxy.sessions.gateway import Gateway
from proxy.ssh.user_authority import signing_key
from storage.model import Grant, SshCertificate
from support.access import World
from support.commands import gatepass
from support.identity.touching import signed_in
from support.ssh import Audited, Sessions

from .conftest import Certified, Certify

Forge = Callable[[Certified, World], Awaitable[str | bytes]]


def own_key(made: Certified) -> asyncssh.SSHKey:
    """The key of the authority itself: what follows is refused for more than its signature."""
    return asyncssh.import_private_key(
        made.authority.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )


def like(made: Certified, by: asyncssh.SSHKey | None = None, **other: Any) -> bytes:
    """As the certificate is, signed by `by`, with other words in the place of its own."""
    row = int(made.signature.id, 16)
    now = int(time.time())
    said: dict[str, Any] = {
        "serial": row,
        "principals": [made.ssh.door],
        "valid_after": now - 60,
        "valid_before": now + 240,
        "source_address": ["127.0.0.0/8", "::1/128"],
        "permit_x11_forwarding": False,
        "permit_agent_forwarding": False,
        "permit_port_forwarding": False,
        "permit_user_rc": False,
    }
    key_id = f"gatepass:alice:{made.grant.id}:{made.signature.id}"
    certificate = (by or own_key(made)).generate_user_certificate(
        other.pop("key", made.key), other.pop("key_id", key_id), **(said | other)
    )
    return certificate.export_certificate()


async def test_a_certificate_lets_in_without_a_question(
    certified: Certify, sessions: Sessions, audited: Audited
) -> None:
    made = await certified()
    done = await made.ssh.run("echo in")
    assert (done.status, done.stdout) == (0, b"in\n"), done.stderr
    [session] = await sessions()
    assert session.credential == {"kind": "certificate", "form": "ssh", "id": made.signature.id}
    assert session.grant_id == made.grant.id
    [issued] = await audited("cli:ssh_certificate:issue")
    assert issued["detail"]["certificate"] == made.signature.id
    assert issued["actor"] == "human:alice"


async def test_it_says_no_more_than_it_must(certified: Certify) -> None:
    made = await certified("files")
    certificate: Any = made.certificate
    assert certificate.principals == ["files@web-1"]
    assert set(certificate.options) == {"source-address"}
    made = await certified("tunnels", seen_at=None)
    certificate = made.certificate
    assert set(certificate.options) == {"permit-pty", "permit-port-forwarding"}
    assert made.signature.expires_at - timedelta(minutes=5, seconds=30) < made.me.session.created_at


async def test_it_ends_with_its_grant_at_the_latest(certified: Certify) -> None:
    made = await certified(duration_s=120)
    assert made.signature.expires_at <= made.grant.expires_at


async def test_what_is_forged_as_it_is_lets_in(certified: Certify) -> None:
    """The forger of the cases below makes what is right, too: each is refused for its own reason."""
    made = await certified()
    made.use(like(made))
    assert (await made.ssh.run("echo in")).stdout == b"in\n"


async def another_authority(made: Certified, _: World) -> bytes:
    return like(made, asyncssh.generate_private_key("ssh-ed25519"))


async def upstream_authority(made: Certified, _: World) -> bytes:
    return like(made, signing_key(made.keys, "hosts"))


async def host_certificate(made: Certified, _: World) -> bytes:
    return (
        own_key(made).generate_host_certificate(made.key, "gatepass", principals=[made.ssh.door]).export_certificate()
    )


async def of_an_rsa_key(made: Certified, _: World) -> bytes:
    key = asyncssh.generate_private_key("ssh-rsa", key_size=3072)
    made.key = key
    return like(made, key=key)


#: Not signed by us for a user: nothing of it is looked at, nobody is told anything, and nothing is written.
@pytest.mark.parametrize("forge", [another_authority, upstream_authority, host_certificate, of_an_rsa_key])
async def test_a_strangers_certificate_is_none(
    certified: Certify, world: World, audited: Audited, sessions: Sessions, forge: Forge
) -> None:
    made = await certified()
    made.use(await forge(made, world), made.key)
    done = await made.ssh.run("echo in")
    assert (done.status, done.stdout, "gatepass:" in done.stderr) == (255, b"", False)
    assert (await audited("proxy:session:refuse"), await sessions()) == ([], [])


async def expired(made: Certified, _: World) -> bytes:
    return like(made, valid_after=int(time.time()) - 400, valid_before=int(time.time()) - 100)


async def not_yet(made: Certified, _: World) -> bytes:
    return like(made, valid_after=int(time.time()) + 100, valid_before=int(time.time()) + 300)


async def other_principal(made: Certified, _: World) -> bytes:
    return like(made, principals=["guarded@web-1"])


async def two_principals(made: Certified, _: World) -> bytes:
    return like(made, principals=[made.ssh.door, "guarded@web-1"])


async def any_principal(made: Certified, _: World) -> bytes:
    return like(made, principals=())


async def other_door(made: Certified, _: World) -> bytes:
    made.ssh.door = "guarded@web-1"
    return made.signature.line.encode()


async def other_source(made: Certified, world: World) -> bytes:
    line = made.key.export_public_key().decode()
    signed = await certificates.sign(world.access, made.authority, made.grant.id, made.me, line, seen_at="192.0.2.7")
    return signed.line.encode()


async def no_source(made: Certified, _: World) -> bytes:
    return like(made, source_address=None)


async def unknown_option(made: Certified, _: World) -> bytes:
    return like(made, force_command="true")


async def verify_required(made: Certified, _: World) -> bytes:
    return like(made, source_address=["0.0.0.0/0"])


async def unknown_serial(made: Certified, _: World) -> bytes:
    return like(made, serial=4711)


async def another_persons_key_id(made: Certified, _: World) -> bytes:
    return like(made, key_id=f"gatepass:bob:{made.grant.id}:{made.signature.id}")


async def another_key(made: Certified, _: World) -> bytes:
    made.key = asyncssh.generate_private_key("ssh-ed25519")
    return like(made, key=made.key)


async def revoked(made: Certified, world: World) -> bytes:
    async with world.database.transaction() as transaction:
        await certificates.left(transaction, world["alice"], made.grant.not_before)
    return made.signature.line.encode()


async def signed_out(made: Certified, world: World) -> bytes:
    async with world.database.transaction() as transaction:
        await browser_sessions.sign_out_everywhere(transaction, world["alice"], made.grant.created_at)
    return made.signature.line.encode()


async def grant_over(made: Certified, world: World) -> bytes:
    await grants.revoke(world.access, made.grant.id, world["alice"])
    return made.signature.line.encode()


async def grant_expired(made: Certified, world: World) -> bytes:
    async with world.database.transaction() as transaction:
        at = made.grant.not_before
        await transaction.execute(
            update(Grant).where(col(Grant.id) == made.grant.id).values(expires_at=at + timedelta(microseconds=1))
        )
    return made.signature.line.encode()


CASES: list[tuple[Forge, str]] = [
    (expired, "is over"),
    (not_yet, "not valid yet"),
    (other_principal, "opens deploy@web-1 and nothing else"),
    (two_principals, "opens deploy@web-1 and nothing else"),
    (any_principal, "opens deploy@web-1 and nothing else"),
    (other_door, "opens deploy@web-1 and nothing else"),
    (other_source, "is for 192.0.2.7/32, where it was asked for, and comes from 127.0.0.1"),
    (no_source, "did not put there"),
    (unknown_option, "did not put there"),
    (verify_required, "did not put there"),
    (unknown_serial, "none that Gatepass knows of"),
    (another_persons_key_id, "does not match"),
    (another_key, "does not match"),
    (revoked, "was revoked"),
    (signed_out, "was revoked, or its command line signed out"),
    (grant_over, "This access was revoked by alice"),
    (grant_expired, "This access ended at"),
]


@pytest.mark.parametrize(("forge", "why"), CASES, ids=[forge.__name__ for forge, _ in CASES])
async def test_what_opens_nothing_says_why(
    certified: Certify, world: World, audited: Audited, sessions: Sessions, forge: Forge, why: str
) -> None:
    made = await certified()
    made.use(await forge(made, world), made.key)
    done = await made.ssh.run("echo in")
    assert (done.status, done.stdout) == (255, b"")
    assert f"gatepass: {why}" in done.stderr or why in done.stderr, done.stderr
    [refused] = await audited("proxy:session:refuse")
    assert why in refused["detail"]["why"]
    assert await sessions() == []


async def test_without_its_key_it_is_worth_nothing(certified: Certify, audited: Audited) -> None:
    made = await certified()
    thief = asyncssh.generate_private_key("ssh-ed25519")

    class Stolen(asyncssh.public_key.SSHLocalKeyPair):
        """The certificate, and a signature of another key."""

        def sign(self, data: bytes) -> bytes:
            return thief.sign(data, b"ssh-ed25519")

    pair = Stolen(made.key, None, asyncssh.import_certificate(made.signature.line), None)
    with pytest.raises(asyncssh.PermissionDenied):
        await asyncssh.connect(
            "127.0.0.1", made.ssh.port, username=made.ssh.door, known_hosts=None, config=None, client_keys=[pair]
        )
    [refused] = await audited("proxy:session:refuse")
    assert "not of its key" in refused["detail"]["why"]


async def test_who_is_refused_again_and_again_is_locked_out(
    certified: Certify, world: World, gateway: Gateway, audited: Audited
) -> None:
    async def at_once(_: float) -> None: ...

    gateway.authenticator._sleep = at_once  # pyright: ignore[reportPrivateUsage]
    made = await certified()
    made.use(await expired(made, world), made.key)
    for _ in range(FAILURES_PER_SOURCE):
        await made.ssh.run("true")
    assert await audited("proxy:source:lock")
    made.use(made.signature.line)
    assert "too many failed logins" in (await made.ssh.run("true")).stderr


async def test_nobody_elses_grant_is_signed_for(certified: Certify, world: World, audited: Audited) -> None:
    made = await certified()
    bob, line = await signed_in(world, "bob"), made.key.export_public_key().decode()
    with pytest.raises(Refused, match="somebody else's"):
        await certificates.sign(world.access, made.authority, made.grant.id, bob, line, seen_at=None)
    assert [each["outcome"] for each in await audited("cli:ssh_certificate:issue")] == ["success", "denied"]


@pytest.mark.parametrize("kind", ["ecdsa-sha2-nistp256", "ssh-rsa"])
async def test_other_kinds_of_keys_are_not_signed(certified: Certify, world: World, kind: str) -> None:
    made = await certified()
    line = asyncssh.generate_private_key(kind).export_public_key().decode()
    with pytest.raises(Refused, match="ed25519"):
        await certificates.sign(world.access, made.authority, made.grant.id, made.me, line, seen_at=None)
    with pytest.raises(Refused, match="public key"):
        await certificates.sign(world.access, made.authority, made.grant.id, made.me, "ssh-ed25519 AAAA", seen_at=None)


async def test_a_role_that_takes_none_gets_none(
    certified: Certify, world: World, policy: dict[str, Any], audited: Audited
) -> None:
    made = await certified()
    policy["resources"]["web-1"]["roles"]["deploy"]["accepts"] = ["token"]
    await world.write(policy)
    line = made.key.export_public_key().decode()
    with pytest.raises(Refused, match="accepts no certificate"):
        await certificates.sign(world.access, made.authority, made.grant.id, made.me, line, seen_at=None)
    done = await made.ssh.run("echo in")
    assert "deploy@web-1 does not accept a certificate" in done.stderr


async def test_a_rule_that_asks_for_a_touch_takes_one_for_the_certificate(
    certified: Certify, world: World, policy: dict[str, Any]
) -> None:
    made = await certified()
    policy["providers"] = {"corp": {"issuer": "https://login.example.com", "client_id": "gatepass"}}
    policy["policy"][0]["requires"] = {"sign_in": "1h", "present": True}
    await world.write(policy)
    done = await made.ssh.run("echo in")
    assert (done.status, "takes a token that was handed with a touch" in done.stderr) == (255, True), done.stderr
    line = made.key.export_public_key().decode()
    with pytest.raises(Unproven, match="touch of your security key"):
        await certificates.sign(world.access, made.authority, made.grant.id, made.me, line, seen_at=None)


async def test_rows_say_whose_they_are(certified: Certify, world: World) -> None:
    made = await certified()
    [row] = await world.all(SshCertificate)
    assert (row.principal_id, row.grant_id, row.browser_id) == (
        world["alice"].id,
        made.grant.id,
        made.me.session.id,
    )


async def test_a_new_key_of_the_authority_counts_at_once_and_the_old_one_no_more(
    certified: Certify, world: World
) -> None:
    """In the process that signs and in the one at the door, which both have read the old one."""
    made = await certified()
    assert (await made.ssh.run("echo in")).stdout == b"in\n"
    old, forged = made.signature.line, like(made)
    rotate(made.keys)
    for each in (old, forged):
        made.use(each)
        assert (await made.ssh.run("echo in")).status == 255
    line = made.key.export_public_key().decode()
    anew = await certificates.sign(world.access, made.authority, made.grant.id, made.me, line, seen_at="127.0.0.1")
    made.use(anew.line)
    assert (await made.ssh.run("echo in")).stdout == b"in\n"
    (made.keys / FILE).unlink()
    assert (await made.ssh.run("echo in")).status == 255
    with pytest.raises(KeyUnusable, match="gatepass ca ssh-client --rotate"):
        await certificates.sign(world.access, made.authority, made.grant.id, made.me, line, seen_at="127.0.0.1")


async def test_a_rotation_that_revokes_ends_them(certified: Certify, dsn: str, tmp_path: Path) -> None:
    made = await certified()
    assert (await made.ssh.run("echo in")).stdout == b"in\n"
    ran = await gatepass("keys", "rotate", "--revoke", home=tmp_path / "operator", DATABASE_URL=dsn)
    assert ran.status == 0, ran.said
    done = await made.ssh.run("echo in")
    assert (done.status, "This certificate was revoked" in done.stderr) == (255, True)
