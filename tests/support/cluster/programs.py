"""The programs of a cluster that `python -m scripts.cluster` has made, and what of them is not there."""

import functools
import shutil
from dataclasses import dataclass
from pathlib import Path

from scripts.cluster.parts import folder as made_in
from support.clients.missing import leave_out

_TREE = Path(__file__).parents[3]
#: From Debian's packages; `scripts/system-packages cluster` installs them.
_INSTALLED = ("etcd", "busybox")
_MADE = ("kube-apiserver", "kube-controller-manager", "kubelet")
#: kubectl by age: the newest; one of two years before; and the last of those that know SPDY only.
NEWEST, OLDER, OLD = "newest", "older", "old"


@dataclass(frozen=True)
class Programs:
    """Paths of the programs of a cluster."""

    etcd: Path
    busybox: Path
    apiserver: Path
    controllers: Path
    kubelet: Path


def kubectl(version: str) -> Path:
    """A kubectl by its age; skips the running test where that one is not there."""
    path = made_in(_TREE) / f"kubectl-{version}"
    if not path.exists():
        leave_out(f"kubectl {version}", "scripts.cluster could not have it")
    return path


@functools.cache
def missing() -> str:
    """What a cluster cannot run without and is not there; "" if nothing."""
    folder = made_in(_TREE)
    lacking = [name for name in _INSTALLED if shutil.which(name) is None]
    return ", ".join(lacking + [name for name in _MADE if not (folder / name).exists()])


def programs() -> Programs:
    """Skips what asks for them, with the reason, where they are not there."""
    if lacking := missing():
        leave_out("cluster", f"no {lacking}: see make test-cluster")
    folder = made_in(_TREE)
    etcd, busybox = (Path(shutil.which(name) or name) for name in _INSTALLED)
    apiserver, controllers, kubelet = (folder / name for name in _MADE)
    return Programs(etcd, busybox, apiserver, controllers, kubelet)
