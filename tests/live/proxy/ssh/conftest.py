"""A real sshd as upstream, the real gateway in front of it, and the real ssh as client."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select
from sqlmodel import col

from access.context import Access
from access.decisions.statement_reviews import review_statement
from access.identity.adoption import adopt
from access.policy.file import PolicyFile
from access.tokens import TokenKeys
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.sessions.gateway import Gateway
from proxy.ssh.connection import Limits
from proxy.ssh.listener import SshListener, SshSettings
from storage.database import Database
from storage.model import AuditEvent, HoldState, Principal, ReviewDecision, Session, Statement
from support.children import PATIENCE_S, Children
from support.clients.sshd import running
from support.proxy import Grants
from support.ssh import (
    Audited,
    Client,
    Decide,
    Held,
    MakeClient,
    Pair,
    Recorded,
    Sessions,
    Upstream,
    until,
)

_STATEMENTS = [
    {"name": "no-reboot", "match": ["command:reboot"], "verdict": "deny", "message": "Hosts are restarted elsewhere."},
    {"name": "ask-for-rm", "match": ["command:rm"], "verdict": "review", "reviewers": ["reviewers"], "timeout": "10m"},
]


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    """One sshd for the run, on a free port, with keys of its own."""
    with running(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def sparing_sshd(tmp_path: Path) -> Iterator[Upstream]:
    """One that grants two channels a connection; sshd's own limit is ten."""
    (tmp_path / "sparing").mkdir()
    with running(tmp_path / "sparing", "-oMaxSessions=2") as server:
        yield server


@pytest.fixture
def policy(sshd: Upstream, tmp_path: Path) -> dict[str, Any]:
    """A policy with one host and a role for each way to use it; tests change it before they ask for `access`."""
    account = {"username": sshd.user, "private_key": f"file:{sshd.private_key}"}
    return {
        "version": 1,
        "resources": {
            "web-1": {
                "type": "ssh",
                "upstream": {"host": "127.0.0.1", "port": sshd.port, "host_key": sshd.host_key},
                "roles": {
                    "deploy": dict(account),
                    "guarded": {**account, "statements": deepcopy(_STATEMENTS)},
                    "commands": {**account, "allow": ["exec"]},
                    "shells": {**account, "allow": ["shell"]},
                    "files": {**account, "allow": ["sftp"]},
                    "copies": {**account, "allow": ["shell", "exec", "sftp"]},
                    "all-files": {**account, "allow": ["shell", "exec", "sftp"], "files": "allow"},
                    "no-files": {**account, "files": "deny"},
                    "tunnels": {**account, "forward": ["127.0.0.1:*", f"{tmp_path}/*", "listen:*"]},
                },
            },
        },
        "people": {"alice": {"slack": "U0ALICE"}, "bob": {"slack": "U0BOB"}},
        "groups": {"reviewers": ["bob"]},
        "policy": [
            {
                "name": "everything",
                "who": ["alice"],
                "resources": ["*"],
                "roles": ["*"],
                "decision": "reviewed",
                "reviewers": ["reviewers"],
                "channel": "C0INCIDENTS",
            }
        ],
    }


@pytest.fixture
async def access(database: Database, tmp_path: Path, policy: dict[str, Any]) -> Access:
    path = tmp_path / "gatepass.yml"
    path.write_text(yaml.safe_dump(policy))
    made = Access(
        database=database,
        policies=PolicyFile(path),
        redact=Masker(DEFAULT_RULES).redact,
        keys=TokenKeys(tmp_path / "keys"),
    )
    await adopt(made)
    return made


@pytest.fixture
def limits() -> Limits:
    return Limits(login_grace_s=PATIENCE_S, first_channel_s=PATIENCE_S)


@pytest.fixture
async def listener(gateway: Gateway, limits: Limits, tmp_path: Path) -> AsyncIterator[SshListener]:
    async with SshListener(gateway, SshSettings(("127.0.0.1", 0), tmp_path / "ssh-keys", limits)) as opened:
        yield opened


@pytest.fixture
def client(listener: SshListener, granted: Grants, children: Children, tmp_path: Path) -> MakeClient:
    """`await client("deploy")`: an ssh client that holds a token for that role on web-1."""
    folder = tmp_path / "client"
    folder.mkdir()
    (folder / "askpass").write_text('#!/bin/sh\nprintf "%s\\n" "$GATEPASS_TOKEN"\n')
    (folder / "askpass").chmod(0o700)
    port = listener.address[1]
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {listener.public_key}\n")

    async def make(role: str = "deploy", *, duration_s: int = 900) -> Client:
        held = await granted("web-1", role, duration_s=duration_s)
        return Client(folder, port, held.token, f"{role}@web-1", children)

    return make


@pytest.fixture
def pair(client: MakeClient, sshd: Upstream, children: Children, tmp_path: Path) -> Pair:
    """`await pair("deploy")`: ssh to the host directly, then through the gateway in that role, to be compared."""
    folder = tmp_path / "direct"
    folder.mkdir()
    (folder / "askpass").write_text("#!/bin/sh\nexit 1\n")
    (folder / "askpass").chmod(0o700)
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{sshd.port} {sshd.host_key}\n")

    async def make(role: str = "deploy") -> tuple[Client, Client]:
        identity = str(sshd.private_key)
        return Client(folder, sshd.port, "", sshd.user, children, identity=identity), await client(role)

    return make


@pytest.fixture
def sessions(access: Access, gateway: Gateway) -> Sessions:
    """Every session, as its row says once none is live any more."""

    async def read() -> list[Session]:
        async with asyncio.timeout(PATIENCE_S):
            await gateway.live.empty.wait()
        async with access.database.transaction() as transaction:
            return list((await transaction.scalars(select(Session).order_by(col(Session.started_at)))).all())

    return read


@pytest.fixture
def recorded(sessions: Sessions, tmp_path: Path) -> Recorded:
    """Every event of every session's recording, without the segments' headers."""

    async def read() -> list[list[Any]]:
        await sessions()
        segments = sorted((tmp_path / "recordings").rglob("*.cast"))
        lines = [line for segment in segments for line in segment.read_bytes().split(b"\n") if line]
        return [event for event in map(json.loads, lines) if isinstance(event, list)]

    return read


@pytest.fixture
def audited(access: Access, listener: SshListener) -> Audited:
    """`await audited("proxy:session:end")`: the bodies of that action's audit events, once all clients are gone.

    A refused forwarding is put on record beside the session, and may be written after the client has left.
    """

    async def idle() -> bool:
        return not listener._tasks  # pyright: ignore[reportPrivateUsage]

    async def read(action: str) -> list[dict[str, Any]]:
        await until(idle)
        async with access.database.transaction() as transaction:
            events = (await transaction.scalars(select(AuditEvent))).all()
        return [body for body in (json.loads(event.body) for event in events) if body["action"] == action]

    return read


@pytest.fixture
def held(access: Access) -> Held:
    """`await held()`: the one statement that is waiting for its review, once it is."""

    async def read() -> Statement:
        async def waiting() -> Statement | None:
            pending = col(Statement.state) == HoldState.PENDING
            async with access.database.transaction() as transaction:
                return (await transaction.scalars(select(Statement).where(pending))).one_or_none()

        return await until(waiting)

    return read


@pytest.fixture
def decide(access: Access, held: Held) -> Decide:
    """`await decide(ReviewDecision.DENY, "why")`: bob reviews the statement that waits."""

    async def review(decision: ReviewDecision, reason: str = "") -> Statement:
        statement = await held()
        async with access.database.transaction() as transaction:
            bob = (await transaction.scalars(select(Principal).where(col(Principal.name) == "bob"))).one()
        await review_statement(access, statement.id, bob, decision, reason)
        return statement

    return review
