"""kubectl through the gateway says what it says without it: exit status, standard output and standard error.

On a real API server, with the account that deploy/kubernetes/gateway.yaml gives the gateway.
"""

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.clients.served import Served, serving
from support.clients.ways import Ran
from support.cluster.cluster import Cluster
from support.cluster.pods import deployment
from support.cluster.programs import NEWEST, OLD, OLDER

_REPOSITORY = Path(__file__).parents[2]
_GROUP = "gatepass:ops"
MIB = 1 << 20
both = pytest.mark.parametrize("version", [NEWEST, OLDER])
every_kubectl = pytest.mark.parametrize("version", [NEWEST, OLDER, OLD])

_BINDING: dict[str, Any] = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "gatepass-ops"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": _GROUP}],
}
_DENY = [
    {"name": "no-delete", "match": ["verb:delete & namespace:default"], "verdict": "deny", "message": "Not there."},
    {"name": "no-rm", "match": ["command:rm"], "verdict": "deny", "message": "No rm here."},
]


@pytest.fixture(scope="session")
def served(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`gatepass serve` before the cluster, as its documents say."""
    folder = tmp_path_factory.mktemp("gatepass")
    cluster.done("apply", "-f", str(_REPOSITORY / "deploy" / "kubernetes" / "gateway.yaml"))
    cluster.apply(_BINDING)
    token = folder / "cluster-token"
    token.touch(mode=0o600)
    token.write_text(cluster.token("gatepass", "gateway"))
    upstream = {"server": cluster.server, "ca_file": str(cluster.ca), "token": f"file:{token}"}
    roles = {"ops": {"groups": [_GROUP]}, "guarded": {"groups": [_GROUP], "statements": _DENY}}
    with serving(folder, {"staging": {"type": "kubernetes", "upstream": upstream, "roles": roles}}, []) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def door(cluster: Cluster, served: Served) -> Callable[[str], Path]:
    """`door("ops")`: the kubeconfig of whoever has that role."""

    def made(role: str) -> Path:
        server = f"https://127.0.0.1:{served.kubernetes_port}/staging"
        return cluster.kubeconfig(f"through-{role}", served.tokens[f"{role}@staging"], server, served.ca_file)

    return made


@pytest.fixture
def pair(cluster: Cluster, door: Callable[[str], Path]) -> Callable[..., tuple[Ran, Ran]]:
    """`pair("get", "pods")`: what kubectl says directly, and through the gateway."""

    def both_ways(*arguments: str, **options: Any) -> tuple[Ran, Ran]:
        return cluster.kubectl(*arguments, **options), cluster.kubectl(*arguments, kubeconfig=door("ops"), **options)

    return both_ways


def same(pair: tuple[Ran, Ran]) -> Ran:
    """That both are the same; returns what they said."""
    directly, through = pair
    assert (through.status, len(through.out), len(through.err)) == (
        directly.status,
        len(directly.out),
        len(directly.err),
    )
    assert (through.status, through.out, through.err) == (directly.status, directly.out, directly.err)
    return through


@both
@pytest.mark.parametrize(
    "words",
    [
        ("get", "pod", "web", "-o", "json"),
        ("get", "pod", "web", "-o", "yaml"),
        ("get", "pod", "web", "-o", "name"),
        ("get", "pods", "--all-namespaces", "-o", "jsonpath={.items[*].metadata.name}"),
        ("get", "nodes", "-o", "name"),
        ("get", "pod", "nosuch"),
        ("get", "nosuch"),
        ("api-resources", "--no-headers"),
        ("api-versions",),
        ("explain", "pod.spec.nodeName"),
        ("auth", "can-i", "delete", "pods"),
        ("get", "--raw", "/version"),
        ("get", "--raw", "/api/v1/namespaces/default/pods/web"),
        ("describe", "namespace", "default"),
        ("exec", "nosuch", "--", "ls"),
        ("exec", "web", "-c", "main", "--", "nosuch"),
        ("logs", "web", "-c", "nosuch"),
    ],
)
def test_what_reads_says_the_same(
    pair: Callable[..., tuple[Ran, Ran]], web: str, version: str, words: tuple[str, ...]
) -> None:
    same(pair(*words, version=version))


@every_kubectl
@pytest.mark.parametrize(
    "script", ["echo out; echo err >&2; exit 4", "true", "kill -KILL $$", "head -c 300000 /dev/zero | tr '\\0' x"]
)
def test_a_command_says_the_same(pair: Callable[..., tuple[Ran, Ran]], web: str, version: str, script: str) -> None:
    same(pair("exec", web, "-c", "main", "--", "sh", "-c", script, version=version))


@every_kubectl
def test_input_and_its_end_are_the_commands(pair: Callable[..., tuple[Ran, Ran]], web: str, version: str) -> None:
    ran = same(pair("exec", "-i", web, "-c", "main", "--", "wc", "-c", version=version, input=b"x" * MIB))
    assert ran.out.strip() == b"1048576"


def test_old_ways_are_spoken_as_well(pair: Callable[..., tuple[Ran, Ran]], web: str) -> None:
    spdy = {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "false"}
    same(pair("exec", web, "-c", "main", "--", "sh", "-c", "echo out; echo err >&2; exit 3", env=spdy))


@both
def test_files_are_copied_as_they_are(
    cluster: Cluster, door: Callable[[str], Path], web: str, version: str, tmp_path: Path
) -> None:
    (tmp_path / "up").write_bytes(secrets.token_bytes(8 * MIB))
    there, back = f"{web}:/tmp/copied-{version}", str(tmp_path / "down")
    for words in (("cp", str(tmp_path / "up"), there), ("cp", there, back)):
        ran = cluster.kubectl(*words, "-c", "main", version=version, kubeconfig=door("ops"))
        assert ran.status == 0, ran
    assert (tmp_path / "down").read_bytes() == (tmp_path / "up").read_bytes()


@both
def test_objects_are_made_changed_and_removed(cluster: Cluster, door: Callable[[str], Path], version: str) -> None:
    name = f"made-{secrets.token_hex(4)}"
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}}
    steps: list[tuple[tuple[str, ...], bytes]] = [
        (("apply", "-f", "-"), json.dumps(made).encode()),
        (("apply", "--server-side", "--force-conflicts", "-f", "-"), json.dumps(made).encode()),
        (("apply", "--dry-run=server", "-f", "-"), json.dumps({**made, "data": {"a": "2"}}).encode()),
        (("patch", "configmap", name, "-p", '{"data":{"b":"2"}}'), b""),
        (("label", "configmap", name, "tier=test"), b""),
        (("annotate", "configmap", name, "note=kept"), b""),
        (("create", "secret", "generic", name, "--from-literal=password=hunter2"), b""),
    ]
    for words, given in steps:
        ran = cluster.kubectl(*words, version=version, kubeconfig=door("ops"), input=given)
        assert ran.status == 0, (words, ran)
    found = json.loads(cluster.done("get", "configmap", name, "-o", "json"))
    assert (found["data"], found["metadata"]["labels"]) == ({"a": "1", "b": "2"}, {"tier": "test"})
    shown = cluster.kubectl("get", "secret", name, "-o", "jsonpath={.data.password}", kubeconfig=door("ops"))
    assert shown.out == b"Kioq"
    assert cluster.done("get", "secret", name, "-o", "jsonpath={.data.password}") == "aHVudGVyMg=="
    for kind in ("configmap", "secret"):
        assert cluster.kubectl("delete", kind, name, version=version, kubeconfig=door("ops")).status == 0


def test_a_rollout_is_followed(cluster: Cluster, door: Callable[[str], Path]) -> None:
    cluster.apply(deployment(cluster, "rolled", 2))
    ran = cluster.kubectl("rollout", "status", "deployment/rolled", "--timeout=60s", kubeconfig=door("ops"))
    assert (ran.status, b"successfully rolled out" in ran.out) == (0, True), ran


def test_card_numbers_do_not_leave(cluster: Cluster, door: Callable[[str], Path], web: str) -> None:
    ran = cluster.kubectl("exec", web, "-c", "main", "--", "echo", "4111111111111111", kubeconfig=door("ops"))
    assert ran.out == b"************1111\n"


def test_rules_deny_in_words(cluster: Cluster, door: Callable[[str], Path], web: str) -> None:
    guarded = door("guarded")
    denied = cluster.kubectl("delete", "pod", web, kubeconfig=guarded)
    assert (denied.status, b"gatepass: Not there. (rule no-delete)" in denied.err) == (1, True)
    ran = cluster.kubectl("exec", web, "-c", "main", "--", "rm", "-rf", "/tmp", kubeconfig=guarded)
    assert (ran.status, ran.out) == (126, b"")
    assert ran.err.startswith(b"gatepass: No rm here. (rule no-rm)")


def test_the_clusters_own_log_names_the_person(cluster: Cluster, door: Callable[[str], Path]) -> None:
    name = f"named-{secrets.token_hex(4)}"
    cluster.kubectl("get", "configmap", name, kubeconfig=door("ops"))
    [event] = [
        each
        for each in cluster.audit_events()
        if (each.get("objectRef") or {}).get("name") == name and each["stage"] == "ResponseComplete"
    ]
    asked_as = event["impersonatedUser"]
    assert event["user"]["username"] == "system:serviceaccount:gatepass:gateway"
    assert (asked_as["username"], _GROUP in asked_as["groups"]) == ("gatepass:alice", True)
    assert {"gatepass.dev/session", "gatepass.dev/grant"} <= asked_as["extra"].keys()


def test_the_gateways_own_account_may_do_nothing_else(cluster: Cluster) -> None:
    alone = cluster.kubeconfig("gateway", cluster.token("gatepass", "gateway"))
    for words in (("get", "pods"), ("get", "secrets", "-A"), ("get", "pods", "--as=x", "--as-group=system:masters")):
        assert b"forbidden" in cluster.kubectl(*words, kubeconfig=alone).err.lower()
