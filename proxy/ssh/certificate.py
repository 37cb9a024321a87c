"""A key of each session's own, certified for five minutes by one of the gateway's authorities, for the upstream's sshd.

The private key is in memory alone. The certificate names person and session, which sshd writes into its log; it allows
what the role allows, and no agent, X11 or start-up file (OpenSSH PROTOCOL.certkeys).
"""

import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncssh

from access.policy.shapes.accounts import Certificate
from access.policy.shapes.roles import Role, SshFeature
from proxy.sessions.session import LiveSession
from proxy.ssh.user_authority import signing_key

#: From the login on a certificate is of no use any more; that is what it may take, and clocks may differ.
VALID_S = 300
SKEW_S = 60

#: A serial number has 64 bits.
_SERIAL = 2**64 - 1


@dataclass(frozen=True)
class Subject:
    """For whom a certificate is."""

    person: str
    session: UUID
    #: When the access ends, Unix time.
    until: float

    @classmethod
    def of(cls, session: LiveSession) -> "Subject":
        return cls(session.principal.name, session.id, session.grant.expires_at.timestamp())

    @property
    def key_id(self) -> str:
        """What sshd logs as `ID`."""
        return f"gatepass:{self.person}:{self.session}"


#: A private key and its certificate, as asyncssh takes them.
KeyPair = tuple[asyncssh.SSHKey, asyncssh.SSHCertificate]


def certified(folder: Path, role: Role, how: Certificate, subject: Subject, now: float | None = None) -> KeyPair:
    """A new key and its certificate, for the role's account. Raises KeyUnusable.

    `folder` has the authorities; `now` is Unix time.
    """
    now = time.time() if now is None else now
    key = asyncssh.generate_private_key("ssh-ed25519")
    certificate = signing_key(folder, how.ca).generate_user_certificate(
        key,
        subject.key_id,
        serial=subject.session.int & _SERIAL,
        principals=[how.principal or role.username],
        valid_after=int(now - SKEW_S),
        valid_before=int(min(now + VALID_S, max(subject.until, now + 1))),
        source_address=how.source_addresses or None,
        permit_x11_forwarding=False,
        permit_agent_forwarding=False,
        permit_port_forwarding=bool(role.forward),
        permit_pty=_has_terminal(role),
        permit_user_rc=False,
    )
    return key, certificate


def _has_terminal(role: Role) -> bool:
    return SshFeature.SHELL in role.allow or SshFeature.EXEC in role.allow
