"""The connection to the real host, with Gatepass's own credential.

The host must show a key that the policy pins, or a certificate of the policy's authority. Nothing of this machine's own
SSH is used: no agent, no known_hosts, no configuration, no default keys.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh

from access.key_folders.unusable import KeyUnusable
from access.policy.resources import Resource
from access.policy.shapes.roles import Role
from access.policy.shapes.upstreams import SshUpstream
from proxy.credentials import resolve
from proxy.errors import PolicyFault, UpstreamFault
from proxy.ssh.algorithms import (
    ENCRYPTION,
    HOST_CERTIFICATES,
    HOST_KEYS,
    MACS,
    UPSTREAM_KEY_EXCHANGE,
)
from proxy.ssh.certificate import Subject, certified
from proxy.ssh.flow import refuse_small_packets
from proxy.ssh.pacing import pace
from proxy.ssh.transport import KEEPALIVE_S, KEEPALIVE_TRIES, VERSION, quicken

#: Until the host answers, and until it has let us in.
CONNECT_TIMEOUT_S = 10
LOGIN_TIMEOUT_S = 20


class _Watch(asyncssh.SSHClient):
    """Remembers the key of a host that is not the one the policy names."""

    def __init__(self) -> None:
        self.stranger: str | None = None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        pace(conn)
        quicken(conn)
        refuse_small_packets(conn)

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.stranger = key.get_fingerprint()
        return False


@asynccontextmanager
async def connected(
    resource: Resource, role: Role, keys: Path, subject: Subject
) -> AsyncGenerator[asyncssh.SSHClientConnection]:
    """A connection to the resource's host as the role's account; closed when the block is left.

    `keys` is the folder of the authorities that certify keys of a session's own, for `subject`.

    Raises UpstreamFault with a sentence for the person: unreachable, another host key, our credential refused.
    """
    if not isinstance(resource.upstream, SshUpstream):
        raise PolicyFault(f"{resource.name} is no SSH resource.")
    connection = await _connect(resource.name, resource.upstream, role, await _credential(role, keys, subject))
    try:
        yield connection
    finally:
        connection.abort()


async def _connect(
    name: str, upstream: SshUpstream, role: Role, credential: dict[str, Any]
) -> asyncssh.SSHClientConnection:
    watch = _Watch()
    keys, authorities = _trusted(name, upstream)
    try:
        connection, _ = await asyncssh.create_connection(
            lambda: watch,
            upstream.host,
            upstream.port,
            config=None,
            known_hosts=(keys, authorities, []),
            server_host_key_algs=_algorithms(keys, authorities),
            username=role.username,
            agent_path=None,
            gss_host=None,
            host_based_auth=False,
            x509_trusted_certs=None,
            pkcs11_provider=None,
            compression_algs=None,
            kex_algs=list(UPSTREAM_KEY_EXCHANGE),
            encryption_algs=list(ENCRYPTION),
            mac_algs=list(MACS),
            client_version=VERSION,
            connect_timeout=CONNECT_TIMEOUT_S,
            login_timeout=LOGIN_TIMEOUT_S,
            keepalive_interval=KEEPALIVE_S,
            keepalive_count_max=KEEPALIVE_TRIES,
            **credential,
        )
    except (OSError, asyncssh.Error) as error:
        raise UpstreamFault(_sentence(name, role, watch, error)) from error
    return connection


def _trusted(name: str, upstream: SshUpstream) -> tuple[list[asyncssh.SSHKey], list[asyncssh.SSHKey]]:
    """The host keys and the authorities that the policy names."""
    try:
        keys = [asyncssh.import_public_key(key) for key in upstream.host_key]
        authorities = [asyncssh.import_public_key(upstream.host_ca)] if upstream.host_ca else []
    except asyncssh.KeyImportError as error:
        raise PolicyFault(f"The policy's host_key or host_ca of {name} is no OpenSSH public key.") from error
    return keys, authorities


def _algorithms(keys: list[asyncssh.SSHKey], authorities: list[asyncssh.SSHKey]) -> list[str]:
    """Which kinds of host key to ask for: the pinned kinds first, then all, so that a changed key is seen as that."""
    pinned = [name for key in keys for algorithm in key.sig_algorithms if (name := algorithm.decode()) in HOST_KEYS]
    certified = HOST_CERTIFICATES if authorities else ()
    return list(dict.fromkeys([*certified, *pinned, *HOST_KEYS]))


async def _credential(role: Role, folder: Path, subject: Subject) -> dict[str, Any]:
    """The role's key or password, or a key of the session's own; nothing besides."""
    if role.certificate is not None:
        try:
            pair = await asyncio.to_thread(certified, folder, role, role.certificate, subject)
        except (KeyUnusable, OSError) as error:
            raise UpstreamFault(
                f"The authority {role.certificate.ca} cannot certify a key for this session: {error} "
                "Ask your Gatepass operator."
            ) from error
        return {"client_keys": [pair], "password": None, "preferred_auth": "publickey"}
    if role.private_key is not None:
        secret = await resolve(role.private_key)
        try:
            key = asyncssh.import_private_key(secret.get_secret_value() + "\n")
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            raise UpstreamFault(
                f"The private key that {role.private_key} names cannot be read; it must be an OpenSSH or PEM key "
                "without a passphrase. Ask your Gatepass operator."
            ) from error
        return {"client_keys": [key], "password": None, "preferred_auth": "publickey"}
    if role.password is None:
        raise UpstreamFault(f"The role {role.name} has no credential for its upstream. Ask your Gatepass operator.")
    secret = await resolve(role.password)
    return {
        "client_keys": None,
        "password": secret.get_secret_value(),
        "preferred_auth": "password,keyboard-interactive",
    }


def _sentence(name: str, role: Role, watch: _Watch, error: Exception) -> str:
    match error:
        case asyncssh.HostKeyNotVerifiable():
            shown = f" It showed {watch.stranger}." if watch.stranger else ""
            return (
                f"The host key of {name} is not the one in the policy, so nothing was sent to it.{shown} "
                "If the host was rebuilt, ask your Gatepass operator to check its key and update the policy."
            )
        case asyncssh.KeyExchangeFailed():
            return (
                f"{name} offers no host key or algorithm that Gatepass accepts, so nothing was sent to it. "
                "Ask your Gatepass operator to compare its host key with the policy's."
            )
        case asyncssh.PermissionDenied() if role.certificate is not None:
            return (
                f"{name} refused the certificate of this session for {role.username}. Your access is fine: ask your "
                f"Gatepass operator whether {name} trusts the authority {role.certificate.ca} (`gatepass ca ssh "
                f"{role.certificate.ca}`, TrustedUserCAKeys), lets its principal in, and has the right time."
            )
        case asyncssh.PermissionDenied():
            return (
                f"{name} refused Gatepass's own credential for {role.username}. Your access is fine: "
                "ask your Gatepass operator to check the role's secret."
            )
        case TimeoutError():
            return f"{name} did not answer in time. Try again, or ask whoever runs it."
        case ConnectionResetError() | BrokenPipeError():
            return f"{name} broke off the connection during the SSH handshake. Ask whoever runs it."
        case OSError():
            return f"{name} cannot be reached ({error.strerror or type(error).__name__}). Ask whoever runs it."
        case _:
            return f"{name} broke off the SSH handshake ({type(error).__name__}). Ask your Gatepass operator."
