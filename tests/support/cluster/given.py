"""A cluster that is there already, which KUBECONFIG names, in place of ours: `GATEPASS_TEST_CLUSTER=given`."""

import os
from pathlib import Path

from support.clients.ways import run
from support.cluster.cluster import Cluster
from support.cluster.kubeconfigs import server_of
from support.cluster.programs import NEWEST, kubectl


def wanted() -> bool:
    return os.environ.get("GATEPASS_TEST_CLUSTER") == "given"


def cluster(folder: Path) -> Cluster:
    """It, with its files in `folder`; its nodes and its audit log are its own affair."""
    admin = folder / "admin.kubeconfig"
    seen = run([kubectl(NEWEST), "config", "view", "--minify", "--flatten", "--output=json"], dict(os.environ))
    assert seen.status == 0, seen
    admin.touch(mode=0o600)
    admin.write_bytes(seen.out)
    server, authority = server_of(admin)
    ca = folder / "ca.crt"
    ca.write_bytes(authority)
    return Cluster(server, ca, admin, "", folder)
