"""Certificates for people's own clients: signed for minutes over a key of the client's own, and read at the door.

A certificate names its person, its grant and itself, and opens one role on one resource (OpenSSH PROTOCOL.certkeys).
What it says is compared with what storage kept of it, word for word; nothing is let in by the signature alone.
"""

import base64
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization.ssh import (
    SSHCertificate,
    SSHCertificateBuilder,
    SSHCertificateType,
    load_ssh_public_identity,
)
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.changes import actor
from access.context import Access
from access.errors import STALE, PolicyStale, Refused
from access.grants import grants
from access.identity import acts, proof
from access.identity.browser_sessions import SignedIn
from access.identity.proof import Proof, Unproven
from access.identity.ssh import public_keys
from access.identity.ssh.authority import ClientAuthority
from access.identity.ssh.public_keys import PublicKey, Signed, UnusableKey
from access.identity.ssh.wire import Malformed, Reader, string
from access.in_force import policy_in_force
from access.policy.policy import Policy
from access.policy.shapes.credentials import ClientCredential
from access.policy.shapes.roles import Role, SshFeature
from access.tokens import Claims, new_token_id
from storage.audit import trail
from storage.database import clock
from storage.model import BrowserSession, Grant, Principal, Protocol, SshCertificate

#: The one kind of certificate that is signed and read.
KIND: Final = "ssh-ed25519-cert-v01@openssh.com"
#: From the signing to the login; clocks of clients are not asked.
LIFETIME: Final = timedelta(minutes=5)
SKEW: Final = timedelta(minutes=1)
_SOURCE: Final = b"source-address"
_LOOPBACK: Final = "127.0.0.0/8,::1/128"


class InvalidCertificate(Refused):
    """It opens nothing; the message is for the person who brought it."""


@dataclass(frozen=True)
class Signature:
    """A certificate for a client: the line of its `-cert.pub` file."""

    id: str
    line: str
    expires_at: datetime


async def sign(
    access: Access,
    authority: ClientAuthority,
    grant_id: UUID,
    me: SignedIn,
    line: str,
    *,
    seen_at: str | None,
    touch: UUID | None = None,
    wanted: UUID | None = None,
) -> Signature:
    """Certify the key of `line` for a grant of one's own. `seen_at` is the address that it is bound to, if to any.

    `touch` was given for what the command line `wanted`, where it takes one.

    Raises Refused, of which Unproven says where what lacks can be proven, PolicyStale, and GrantUnusable.
    """
    try:
        key = public_keys.line(line)
    except UnusableKey as error:
        raise Refused(str(error)) from error
    if not isinstance(key.key, Ed25519PublicKey) or key.is_security_key:
        raise Refused("A certificate is signed over an Ed25519 key that was made for it: ssh-keygen -t ed25519.")
    source, to = _bound_to(seen_at), me.principal
    async with access.database.transaction() as transaction:
        policy = await policy_in_force(access, transaction)
        grant = await grants.usable(transaction, grant_id)
        now, proven, certificate_id, row = await clock(transaction), Proof(), new_token_id(), None
        refusal = _refusal(policy, grant, to)
        if refusal is None and policy is not None:
            requires = policy.required_of_holder(to.name, grant.resource, grant.role)
            act = acts.take_token(grant.id) if wanted is None else acts.hand_over(grant.id, wanted)
            proven = await proof.weigh(access, transaction, policy, requires, to, now, act, touch, token=certificate_id)
            refusal = proven.lacking
        if refusal is None:
            row = SshCertificate(
                id=certificate_id,
                principal_id=to.id,
                grant_id=grant.id,
                browser_id=me.session.id,
                fingerprint=key.fingerprint,
                source=source,
                issued_at=now,
                expires_at=min(now + LIFETIME, grant.expires_at, me.session.expires_at).replace(microsecond=0),
            )
            transaction.add(row)
            await transaction.flush()
        detail = {"certificate": certificate_id, "key": public_keys.shown(key.fingerprint), "source": source}
        await trail.record(
            transaction,
            actor=actor(to),
            action="cli:ssh_certificate:issue",
            resource=f"{grant.resource}/{grant.role}",
            outcome="denied" if refusal else "success",
            grant=grant.id,
            detail={"why": refusal} if refusal else {**detail, "command_line": str(me.session.id), **proven.detail},
        )
    if proven.lacking is not None:
        raise Unproven(proven)
    if refusal is not None or policy is None or row is None:
        raise Refused(refusal) if refusal is not None and refusal != STALE else PolicyStale
    role = policy.resources[grant.resource].roles[grant.role]
    return Signature(certificate_id, _signed(authority, key.key, row, grant, to, role), row.expires_at)


def _refusal(policy: Policy | None, grant: Grant, to: Principal) -> str | None:
    if grant.principal_id != to.id:
        return "This access is somebody else's. Ask for your own."
    if policy is None:
        return STALE
    if (refusal := grants.still_allowed(policy, grant, to.name)) is not None:
        return refusal
    resource = policy.resources[grant.resource]
    if resource.type is not Protocol.SSH:
        return f"{resource.name} is no host, so nothing of SSH opens it."
    if ClientCredential.CERTIFICATE not in resource.roles[grant.role].accepts:
        return f"{grant.role}@{grant.resource} accepts no certificate."
    return None


def _signed(
    authority: ClientAuthority, key: Ed25519PublicKey, row: SshCertificate, grant: Grant, to: Principal, role: Role
) -> str:
    builder = (
        SSHCertificateBuilder()
        .public_key(key)
        .serial(int(row.id, 16))
        .type(SSHCertificateType.USER)
        .key_id(_key_id(to, row))
        .valid_principals([f"{grant.role}@{grant.resource}".encode()])
        .valid_after(int((row.issued_at - SKEW).timestamp()))
        .valid_before(int(row.expires_at.timestamp()))
    )
    if row.source:
        builder = builder.add_critical_option(_SOURCE, row.source.encode())
    if SshFeature.SHELL in role.allow or SshFeature.EXEC in role.allow:
        builder = builder.add_extension(b"permit-pty", b"")
    if role.forward:
        builder = builder.add_extension(b"permit-port-forwarding", b"")
    return builder.sign(authority.key).public_bytes().decode()


def _key_id(person: Principal, row: SshCertificate) -> bytes:
    return f"gatepass:{person.name}:{row.grant_id}:{row.id}".encode()


def _bound_to(address: str | None) -> str:
    """As the option has it. Of this machine any address counts: which one a name means is its resolver's choice."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return ""
    found = getattr(found, "ipv4_mapped", None) or found
    return _LOOPBACK if found.is_loopback else str(ipaddress.ip_network(found))


# --- at the door ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Read:
    """A certificate of ours, by its signature; nothing else of it is proven yet."""

    certificate: SSHCertificate
    key: PublicKey

    def verify(self, signature: bytes, message: bytes) -> Signed | None:
        """As PublicKey does: whoever brings it has its key."""
        return self.key.verify(signature, message)


def is_certificate(blob: bytes) -> bool:
    """Whether it says that it is one, of whatever kind."""
    try:
        return Reader(blob).text().endswith("-cert-v01@openssh.com")
    except Malformed:
        return False


def read(authority: ClientAuthority, blob: bytes) -> Read:
    """Raises InvalidCertificate for what this authority did not sign for a user."""
    try:
        if len(blob) > public_keys.MAX_BLOB_BYTES or Reader(blob).text() != KIND:
            raise InvalidCertificate(_NOT_OURS)
        loaded = load_ssh_public_identity(f"{KIND} ".encode() + base64.b64encode(blob))
        if not isinstance(loaded, SSHCertificate) or not authority.signed(loaded.signature_key()):
            raise InvalidCertificate(_NOT_OURS)
        loaded.verify_cert_signature()
        key = loaded.public_key()
    except (Malformed, InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, KeyError) as error:
        raise InvalidCertificate(_NOT_OURS) from error
    if not isinstance(key, Ed25519PublicKey) or loaded.type is not SSHCertificateType.USER:
        raise InvalidCertificate(_NOT_OURS)
    return Read(loaded, public_keys.read(string(public_keys.ED25519.encode()) + string(key.public_bytes_raw())))


async def claims(transaction: AsyncSession, found: Read, door: str, address: str) -> Claims:
    """What it opens for whoever has its key and comes from `address` to `door`. Raises InvalidCertificate."""
    certificate = found.certificate
    now = await clock(transaction)
    row, holder, grant, sign_in = await _kept(transaction, f"{certificate.serial:016x}")
    _compare(found, row, holder, grant)
    moment = now.timestamp()
    if moment < certificate.valid_after:
        raise InvalidCertificate("This certificate is not valid yet. Tell your operators that their clocks differ.")
    if moment >= certificate.valid_before:
        raise InvalidCertificate("This certificate is over: it is good for five minutes. Run `gatepass ssh` again.")
    if row.revoked_at is not None or sign_in.ended_at is not None:
        raise InvalidCertificate("This certificate was revoked, or its command line signed out. Run `gatepass login`.")
    if certificate.valid_principals != [door.encode()]:
        opens = f"{grant.role}@{grant.resource}"
        raise InvalidCertificate(f"This certificate opens {opens} and nothing else. Run `gatepass ssh` for the other.")
    _check_options(certificate, row, address)
    return Claims(
        principal_id=holder.id,
        grant_id=grant.id,
        resource=grant.resource,
        role=grant.role,
        kind=holder.kind,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        id=row.id,
    )


async def _kept(
    transaction: AsyncSession, certificate_id: str
) -> tuple[SshCertificate, Principal, Grant, BrowserSession]:
    found = await transaction.execute(
        select(SshCertificate, Principal, Grant, BrowserSession)
        .join(Principal, col(Principal.id) == col(SshCertificate.principal_id))
        .join(Grant, col(Grant.id) == col(SshCertificate.grant_id))
        .join(BrowserSession, col(BrowserSession.id) == col(SshCertificate.browser_id))
        .where(col(SshCertificate.id) == certificate_id)
    )
    row = found.one_or_none()
    if row is None:
        raise InvalidCertificate("This certificate is none that Gatepass knows of. Run `gatepass ssh` again.")
    return row[0], row[1], row[2], row[3]


def _compare(found: Read, row: SshCertificate, holder: Principal, grant: Grant) -> None:
    """Raises InvalidCertificate for one of which storage says otherwise, though our key signed it."""
    said = (found.certificate.key_id, found.key.fingerprint, grant.principal_id)
    if said != (_key_id(holder, row), row.fingerprint, row.principal_id):
        raise InvalidCertificate("This certificate does not match what Gatepass kept of it. Tell its operators.")


def _check_options(certificate: SSHCertificate, row: SshCertificate, address: str) -> None:
    """Raises InvalidCertificate: an option that is critical and unknown, or another address than it is bound to."""
    wanted = {_SOURCE: row.source.encode()} if row.source else {}
    if certificate.critical_options != wanted:
        raise InvalidCertificate("This certificate has conditions that Gatepass did not put there. Tell its operators.")
    if row.source and not _is_from(row.source, address):
        raise InvalidCertificate(
            f"This certificate is for {row.source}, where it was asked for, and comes from {address}. If a proxy or "
            "another network lies between, your operator can set GATEPASS_CERTIFICATE_SOURCE=any."
        )


def _is_from(source: str, address: str) -> bool:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in ipaddress.ip_network(each) for each in source.split(","))


async def left(transaction: AsyncSession, principal: Principal, now: datetime) -> None:
    """The policy names them no longer, or gives them another account: nothing that was signed for them counts."""
    live = select(SshCertificate).where(
        col(SshCertificate.principal_id) == principal.id,
        col(SshCertificate.revoked_at).is_(None),
        col(SshCertificate.expires_at) > now,
    )
    for row in (await transaction.scalars(live)).all():
        row.revoked_at = now
    await transaction.flush()


async def revoke_all(transaction: AsyncSession) -> int:
    """Have none that was signed until now open anything; returns how many that were."""
    now = await clock(transaction)
    revoked = await transaction.scalars(
        update(SshCertificate)
        .where(col(SshCertificate.revoked_at).is_(None), col(SshCertificate.expires_at) > now)
        .values(revoked_at=now)
        .returning(col(SshCertificate.id))
    )
    return len(revoked.all())


_NOT_OURS: Final = "This certificate was not signed by this Gatepass for its own door. Run `gatepass ssh`."
