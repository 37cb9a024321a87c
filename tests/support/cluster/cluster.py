"""A running cluster, as tests use it: its address, its administrator, kubectl of several ages, and its audit log."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.children import PATIENCE_S
from support.clients.ways import Ran, run
from support.cluster.kubeconfigs import with_token
from support.cluster.programs import NEWEST, kubectl


@dataclass(frozen=True)
class Cluster:
    """What `running` gives: a cluster of this machine, or one that was there already."""

    #: https://127.0.0.1:…
    server: str
    #: Who signed the certificate that the server shows.
    ca: Path
    #: A kubeconfig of somebody who may do everything.
    admin: Path
    #: The name that pods have to give as `nodeName`, for nobody schedules them.
    node: str
    #: Where files of this cluster's clients may be put.
    folder: Path
    _audit_log: Path | None = None

    def kubectl(
        self,
        *arguments: str,
        version: str = NEWEST,
        input: bytes = b"",  # noqa: A002  # as subprocess calls it
        kubeconfig: Path | None = None,
        env: Mapping[str, str] | None = None,
        patience_s: float = PATIENCE_S,
    ) -> Ran:
        """Run kubectl to its end, as the administrator unless a kubeconfig is given; it may fail."""
        return run(
            self.command(*arguments, version=version),
            self.environment(kubeconfig, env),
            stdin=input,
            patience_s=patience_s,
        )

    def command(self, *arguments: str, version: str = NEWEST) -> list[str]:
        """What to start for a kubectl that is to be talked with; goes with `environment`."""
        return [str(kubectl(version)), *arguments]

    def environment(self, kubeconfig: Path | None = None, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """A home of its own: kubectl keeps what it found out about servers there."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(home),
            "KUBECONFIG": str(kubeconfig or self.admin),
            **(env or {}),
        }

    def done(self, *arguments: str, input: bytes = b"") -> str:  # noqa: A002
        """What kubectl of the administrator prints; fails the test when it fails."""
        ran = self.kubectl(*arguments, input=input)
        assert ran.status == 0, (arguments, ran)
        return ran.out.decode()

    def apply(self, *objects: Mapping[str, Any]) -> None:
        """Make or change objects."""
        whole = {"apiVersion": "v1", "kind": "List", "items": objects}
        self.done("apply", "-f", "-", input=json.dumps(whole).encode())

    def token(self, namespace: str, service_account: str) -> str:
        """A token of an hour, of a ServiceAccount that is there."""
        return self.done("create", "token", "--namespace", namespace, service_account).strip()

    def kubeconfig(self, name: str, token: str, server: str | None = None, ca: Path | None = None) -> Path:
        """A kubeconfig of whoever has `token`: at this cluster, or at what stands before it at `server`."""
        return with_token(self.folder / f"{name}.kubeconfig", server or self.server, ca or self.ca, token)

    def audit_events(self) -> list[dict[str, Any]]:
        """What the API server has audited so far, oldest first; [] in a cluster that was given."""
        if self._audit_log is None or not self._audit_log.exists():
            return []
        # The last line may not be whole yet.
        whole, _, _ = self._audit_log.read_bytes().rpartition(b"\n")
        return [json.loads(line) for line in whole.splitlines()]
