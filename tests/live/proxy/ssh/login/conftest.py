"""People at the SSH port with more than a token: signed in somewhere, and with keys and certificates of their own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import pytest
from sqlalchemy import select

from access.context import Access
from access.grants import grants
from access.identity.browser_sessions import SignedIn
from access.identity.ssh import certificates
from access.identity.ssh.authority import ClientAuthority
from access.identity.ssh.certificates import Signature
from storage.model import Grant, Principal
from support.access import World
from support.identity.touching import signed_in
from support.ssh import Client, MakeClient


@pytest.fixture
async def world(access: Access) -> World:
    async with access.database.transaction() as transaction:
        people = {person.name: person for person in (await transaction.scalars(select(Principal))).all()}
    return World(access, people)


@dataclass
class Certified:
    """ssh with a certificate over a key of its own."""

    ssh: Client
    key: asyncssh.SSHKey
    signature: Signature
    grant: Grant
    me: SignedIn
    authority: ClientAuthority
    keys: Path

    @property
    def certificate(self) -> asyncssh.SSHCertificate:
        return asyncssh.import_certificate(self.signature.line)

    def use(self, certificate: bytes | str | None, key: asyncssh.SSHKey | None = None) -> None:
        """Have ssh offer this certificate (or none) with the key, and nothing else."""
        path = self.ssh.folder / "run key"
        (key or self.key).write_private_key(path)
        path.chmod(0o600)
        beside = path.with_name("run key-cert.pub")
        beside.unlink(missing_ok=True)
        if certificate is not None:
            beside.write_bytes(certificate if isinstance(certificate, bytes) else certificate.encode())
        self.ssh.identity = f'"{path}"'
        self.ssh.token = ""
        # The first of an option counts, and IdentityFile says what it is in the flags of every test.
        self.ssh.options = [f'CertificateFile="{beside}"', "IdentitiesOnly=yes", "PreferredAuthentications=publickey"]


Certify = Callable[..., Awaitable[Certified]]


@pytest.fixture
def certified(world: World, client: MakeClient, tmp_path: Path) -> Certify:
    """`await certified("deploy")`: a grant of alice's, and ssh with a certificate for it."""
    keys = tmp_path / "ssh-keys"

    async def make(role: str = "deploy", *, seen_at: str | None = "127.0.0.1", duration_s: int = 900) -> Certified:
        ssh = await client(role, duration_s=duration_s)
        async with world.database.transaction() as transaction:
            [grant] = [each for each in await grants.of(transaction, world["alice"]) if each.role == role]
        me, authority, key = (
            await signed_in(world, "alice"),
            ClientAuthority(keys),
            asyncssh.generate_private_key("ssh-ed25519"),
        )
        line = key.export_public_key().decode()
        signature = await certificates.sign(world.access, authority, grant.id, me, line, seen_at=seen_at)
        made = Certified(ssh, key, signature, grant, me, authority, keys)
        made.use(signature.line)
        return made

    return make
