"""A stand-in for an API server, the real gateway in front of it, and a client that speaks HTTP as kubectl does."""

import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from access.context import Access
from access.identity.adoption import adopt
from access.policy.file import PolicyFile
from access.tokens import TokenKeys
from proxy.authority import Authority
from proxy.kubernetes.listener import KubernetesListener, KubernetesSettings
from proxy.kubernetes.visits import Limits
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.sessions.gateway import Gateway
from storage.database import Database
from support.children import PATIENCE_S
from support.kubernetes.api_server import ApiServer, serving
from support.kubernetes.client import Client
from support.proxy import Grants, ended

HOSTS = ("127.0.0.1", "localhost")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority") / "ca")


@pytest.fixture
async def cluster(authority: Authority) -> AsyncIterator[ApiServer]:
    async with serving(authority.server_context(HOSTS, "http/1.1")) as server:
        yield server


@pytest.fixture
def policy(cluster: ApiServer, authority: Authority, tmp_path: Path) -> dict[str, Any]:
    """A policy with one cluster and a role for each way to use it; tests change it before they ask for `access`."""
    token = tmp_path / "cluster-token"
    token.write_text("the-gateways-own")
    token.chmod(0o600)
    groups = ["gatepass:ops", "gatepass:extra"]
    deny = {"name": "no-delete", "match": ["verb:delete & namespace:prod"], "verdict": "deny", "message": "Not there."}
    no_rm = {"name": "no-rm", "match": ["command:rm"], "verdict": "deny", "message": "No rm here."}
    ask = {"name": "ask", "match": ["verb:delete", "command:rm"], "verdict": "review", "reviewers": ["reviewers"]}
    return {
        "version": 1,
        "resources": {
            "staging": {
                "type": "kubernetes",
                "upstream": {
                    "server": cluster.address,
                    "ca_file": str(authority.certificate_file),
                    "token": f"file:{token}",
                },
                "roles": {
                    "ops": {"groups": groups},
                    "guarded": {"groups": groups, "statements": [deny, no_rm]},
                    "held": {"groups": groups, "statements": [ask]},
                    "no-files": {"groups": groups, "files": "deny"},
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
    redact = Masker(DEFAULT_RULES).redact
    made = Access(database=database, policies=PolicyFile(path), redact=redact, keys=TokenKeys(tmp_path / "keys"))
    await adopt(made)
    return made


@pytest.fixture
def limits() -> Limits:
    """Sessions that wait for their next request longer than a test does; reviews of which clients hear soon."""
    return Limits(idle_s=PATIENCE_S, hold_wait_s=0.3)


@pytest.fixture
async def listener(gateway: Gateway, limits: Limits, authority: Authority) -> AsyncIterator[KubernetesListener]:
    settings = KubernetesSettings(("127.0.0.1", 0), authority.server_context(HOSTS, "http/1.1"), limits=limits)
    async with KubernetesListener(gateway, settings) as opened:
        yield opened


@pytest.fixture
def trust(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.certificate_file))


@pytest.fixture
async def clients(listener: KubernetesListener, trust: ssl.SSLContext) -> AsyncIterator[list[Client]]:
    made: list[Client] = []
    yield made
    for client in made:
        await client.close()


@pytest.fixture
def client(listener: KubernetesListener, granted: Grants, trust: ssl.SSLContext, clients: list[Client]) -> Any:
    """`await client("ops")`: a client that holds a token for that role on staging."""

    async def make(role: str = "ops", *, duration_s: int = 900) -> Client:
        held = await granted("staging", role, duration_s=duration_s)
        made = Client(listener.address[1], held, trust)
        clients.append(made)
        return made

    return make


@pytest.fixture
def recorded(access: Access, gateway: Gateway, tmp_path: Path) -> Any:
    """Every event of every session's recording, once all sessions were ended."""

    async def read() -> list[list[Any]]:
        await ended(gateway)
        segments = sorted((tmp_path / "recordings").rglob("*.cast"))
        lines = [line for segment in segments for line in segment.read_bytes().split(b"\n") if line]
        return [event for event in map(json.loads, lines) if isinstance(event, list)]

    return read
