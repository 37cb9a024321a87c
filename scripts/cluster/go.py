"""Builds the programs of a cluster with Go: the API server and its controllers, and the stand-in for the kubelet."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from scripts.cluster.parts import KUBERNETES, PROGRAMS, Part

#: What is built from another module than the one in the folder, by the name of its program.
_PACKAGES = {
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
}
_VERSION = ("k8s.io/component-base/version.", "k8s.io/client-go/pkg/version.")


def lacking(root: Path) -> str:
    """Why nothing can be built here; "" if it can."""
    if shutil.which("go") is None:
        return "no go"
    asked = subprocess.run(
        ["go", "env", "GOVERSION"],  # noqa: S607  # whichever go is on the path
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GOTOOLCHAIN": "local"},
    )
    wanted = max(_wanted(root / PROGRAMS / module / "go.mod") for module in ("server", "kubelet"))
    there = _numbers(asked.stdout)
    if asked.returncode != 0 or there < wanted:
        return f"go {'.'.join(map(str, there))} is older than {'.'.join(map(str, wanted))}"
    return ""


def build(root: Path, module: str, part: Part, target: Path) -> None:
    """Build one program into the file `target`.

    Raises:
        subprocess.CalledProcessError: it does not build; Go has said why.
    """
    command = ["go", "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", _flags(part)]
    subprocess.run(  # noqa: S603  # of ours
        [*_nicely(), *command, "-o", str(target.resolve()), _PACKAGES.get(part.name, ".")],
        cwd=root / PROGRAMS / module,
        env={**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": ""},
        check=True,
    )


def _flags(part: Part) -> str:
    if part.name not in _PACKAGES:
        return "-s -w"
    major, minor, _ = KUBERNETES.split(".")
    told = {"gitVersion": f"v{KUBERNETES}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return "-s -w " + " ".join(f"-X {where}{name}={value}" for where in _VERSION for name, value in told.items())


def _nicely() -> Sequence[str]:
    return ["nice"] if shutil.which("nice") else []


def _wanted(module: Path) -> tuple[int, ...]:
    return _numbers(next(line for line in module.read_text().splitlines() if line.startswith("go ")))


def _numbers(text: str) -> tuple[int, ...]:
    found = re.search(r"\d+(\.\d+)*", text)
    return tuple(map(int, found.group().split("."))) if found else ()
