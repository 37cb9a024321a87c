"""A cluster that is there already, which KUBECONFIG names, in place of ours: `GATEPASS_TEST_CLUSTER=given`."""

import os
from dataclasses import replace
from pathlib import Path

from support.clients.ways import run
from support.cluster.cluster import Cluster
from support.cluster.kubeconfigs import server_of
from support.cluster.programs import NEWEST, kubectl


def wanted() -> bool:
    return os.environ.get("GATEPASS_TEST_CLUSTER") == "given"


def cluster(folder: Path) -> Cluster:
    """It, with its files in `folder`; its audit log is its own affair. Pods go to its first node."""
    admin = folder / "admin.kubeconfig"
    seen = run([kubectl(NEWEST), "config", "view", "--minify", "--flatten", "--output=json"], dict(os.environ))
    assert seen.status == 0, seen
    admin.touch(mode=0o600)
    admin.write_bytes(seen.out)
    server, authority = server_of(admin)
    ca = folder / "ca.crt"
    ca.write_bytes(authority)
    there = Cluster(server, ca, admin, "", folder)
    return replace(there, node=there.done("get", "nodes", "--output=jsonpath={.items[0].metadata.name}"))
