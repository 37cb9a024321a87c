"""A real cluster on loopback: etcd, the API server and its controllers, and a stand-in for the kubelet, the one node.

What is not there: a scheduler (pods and templates say `nodeName`), DNS, a network of pods (all share loopback), images
(every container is busybox), volumes, probes and limits. See `tests/cluster/programs/kubelet`.
"""

import contextlib
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.demo.ports import free_port
from support.clients.missing import leave_out
from support.cluster import certificates, given
from support.cluster.certificates import Certificates
from support.cluster.cluster import Cluster
from support.cluster.kubeconfigs import with_certificate
from support.cluster.programs import Programs, programs
from support.cluster.servers import Servers, servers

NODE = "node1"
#: What the node says once the API server knows of it.
_READY = f"node {NODE} is ready"

#: Bodies only where they say what was asked of a pod; everything else by its line.
_AUDIT = """
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: RequestResponse
  resources:
  - {group: "", resources: [pods/exec, pods/attach, pods/portforward, pods/log, pods/ephemeralcontainers]}
- level: Metadata
"""


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """A cluster for as long as the block lasts, with its files in `folder`; the one that was given, if one was.

    Skips where its programs are not there, or where this is not root: containers are made of mounts and namespaces.
    """
    if given.wanted():
        yield given.cluster(folder)
        return
    of = programs()
    if os.geteuid() != 0:
        leave_out("cluster", "its node needs root")
    with servers(folder) as started:
        plan = Plan(of, certificates.issue(folder, NODE), folder, free_port())
        plan.start(started)
        yield Cluster(plan.server, plan.signed.ca, plan.admin, NODE, folder, plan.audit_log)


@dataclass(frozen=True)
class Plan:
    """How each program is started."""

    of: Programs
    signed: Certificates
    folder: Path
    port: int

    @property
    def server(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def audit_log(self) -> Path:
        return self.folder / "audit.log"

    @property
    def admin(self) -> Path:
        return self.folder / "admin.kubeconfig"

    def start(self, started: Servers) -> None:
        """All of them, each when the one before it is ready; at the end, a node that takes pods."""
        with_certificate(self.admin, self.server, self.signed.ca, self.signed.admin)
        store = f"http://127.0.0.1:{free_port()}"
        started.start("etcd", *self._etcd(store), ready=lambda: _answers(f"{store}/health"))
        context = ssl.create_default_context(cafile=str(self.signed.ca))
        context.load_cert_chain(self.signed.admin.certificate, self.signed.admin.key)

        def there(path: str) -> bool:
            return _answers(self.server + path, context)

        started.start("apiserver", *self._apiserver(store), ready=lambda: there("/readyz"))
        started.start(
            "controllers",
            *self._controllers(),
            ready=lambda: there("/api/v1/namespaces/default/serviceaccounts/default"),
        )
        started.start("kubelet", *self._kubelet(), ready=lambda: _READY in started.tail("kubelet"))

    def _etcd(self, store: str) -> list[str | Path]:
        peers = f"http://127.0.0.1:{free_port()}"
        return [
            self.of.etcd,
            "--name=tests",
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={store}",
            f"--advertise-client-urls={store}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=tests={peers}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]

    def _apiserver(self, store: str) -> list[str | Path]:
        policy = self.folder / "audit.yaml"
        policy.write_text(_AUDIT)
        signed = self.signed
        return [
            self.of.apiserver,
            f"--etcd-servers={store}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={self.port}",
            "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.0.0.0/24",
            f"--tls-cert-file={signed.apiserver.certificate}",
            f"--tls-private-key-file={signed.apiserver.key}",
            f"--client-ca-file={signed.ca}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={signed.tokens.certificate}",
            f"--service-account-signing-key-file={signed.tokens.key}",
            f"--kubelet-certificate-authority={signed.ca}",
            f"--kubelet-client-certificate={signed.to_node.certificate}",
            f"--kubelet-client-key={signed.to_node.key}",
            # It would ask DNS for the node's name first.
            "--kubelet-preferred-address-types=InternalIP",
            "--authorization-mode=Node,RBAC",
            "--allow-privileged=true",
            f"--audit-policy-file={policy}",
            f"--audit-log-path={self.audit_log}",
        ]

    def _controllers(self) -> list[str | Path]:
        return [
            self.of.controllers,
            f"--kubeconfig={self.admin}",
            "--leader-elect=false",
            f"--service-account-private-key-file={self.signed.tokens.key}",
            f"--root-ca-file={self.signed.ca}",
            "--bind-address=127.0.0.1",
            "--secure-port=0",
            # The node tells of itself once, and has no range of addresses.
            "--controllers=*,-node-ipam-controller,-node-lifecycle-controller",
        ]

    def _kubelet(self) -> list[str | Path]:
        containers = self.folder / "containers"
        containers.mkdir()
        own = self.signed.node
        kubeconfig = with_certificate(self.folder / "node.kubeconfig", self.server, self.signed.ca, own)
        return [
            self.of.kubelet,
            f"-kubeconfig={kubeconfig}",
            f"-node={NODE}",
            f"-folder={containers}",
            f"-busybox={self.of.busybox}",
            f"-listen=127.0.0.1:{free_port()}",
            f"-client-authority={self.signed.ca}",
            f"-certificate={own.certificate}",
            f"-key={own.key}",
        ]


def _answers(url: str, context: ssl.SSLContext | None = None) -> bool:
    """Whether a GET there is answered well."""
    try:
        with urllib.request.urlopen(url, timeout=5, context=context) as answer:  # noqa: S310  # an address of ours
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False
