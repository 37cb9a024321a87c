"""A key for one run, and Gatepass's certificate for it: both in files for one account alone, gone when the run is over.

The key is made here and never leaves this machine. The folder outlives this process, which becomes the program that
uses it; a process of its own waits for that one's end and removes it.
"""

import contextlib
import importlib.util
import os
import secrets
import select
import time
from dataclasses import dataclass
from typing import Final

from client.api import Api, Json
from client.errors import FILES, Failed
from client.kept import folder
from client.programs import request

_PREFIX: Final = "tls-"
#: No access is longer: what is older was left by a machine that went down.
_STALE_S: Final = 24 * 3_600
_HIGH_DESCRIPTOR: Final = 100
_MOST_DESCRIPTORS: Final = 1_024


@dataclass(frozen=True)
class Certificate:
    """A key and its certificate, PEM."""

    key: str
    certificate: str


@dataclass(frozen=True)
class Files:
    """The same in a folder of this run's own."""

    folder: str
    key: str
    certificate: str

    def remove(self) -> None:
        _remove(self.folder)


def is_possible() -> bool:
    """Whether a key can be made here: the package that makes it is installed. It is not loaded for that."""
    return importlib.util.find_spec("cryptography") is not None


def issued(api: Api, grant: Json, touch: str | None = None) -> Certificate:
    """A new key, and a certificate for it by this grant, with the touch that it takes. Raises Failed."""
    # They take as long to load as all else together, and most commands do without.
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    numbers = key.private_numbers()
    public = numbers.public_numbers
    point = b"\x04" + public.x.to_bytes(32, "big") + public.y.to_bytes(32, "big")
    asked = request.request(point, lambda data: key.sign(data, ec.ECDSA(hashes.SHA256())))
    said = {"csr": asked} if touch is None else {"csr": asked, "touch": touch}
    answer = api.post(f"/api/grants/{grant['id']}/tls-certificate", said)
    return Certificate(request.private_key(numbers.private_value, point), str(answer["certificate"]))


def written(made: Certificate) -> Files:
    """In a folder of its own, mode 0700, and files of 0600. Raises Failed."""
    base = _base()
    path = os.path.join(base, _PREFIX + secrets.token_hex(8))
    try:
        folder.make(base)
        _forget_stale(base)
        os.mkdir(path, 0o700)
    except OSError as error:
        raise Failed(f"{path} cannot be made ({error.strerror}).", FILES) from error
    files = Files(path, os.path.join(path, "key.pem"), os.path.join(path, "certificate.pem"))
    folder.write(files.key, made.key)
    folder.write(files.certificate, made.certificate)
    return files


def remove_afterwards(files: Files) -> None:
    """Have them removed once this process is over, whatever program it has become by then. Raises Failed."""
    try:
        over = _end_of_this_process()
        child = os.fork()
        if child == 0:
            _leave_to_another(over, files)
        os.waitpid(child, 0)
        os.close(over)
    except OSError as error:
        files.remove()
        raise Failed(f"Nothing would remove {files.folder} afterwards ({error.strerror}).", FILES) from error


def _leave_to_another(over: int, files: Files) -> None:
    """In a child: a child of it waits, so that the program has none that it did not start. Never returns."""
    try:
        if os.fork() == 0:
            os.setsid()
            waiting = os.dup2(over, _HIGH_DESCRIPTOR)
            # Whoever reads the program's output to its end must not wait for this one.
            os.closerange(0, waiting)
            os.closerange(waiting + 1, _MOST_DESCRIPTORS)
            select.select([waiting], [], [])
            files.remove()
    finally:
        os._exit(0)


def _end_of_this_process() -> int:
    """A descriptor that can be read from once this process is over.

    Where the system has none of processes (macOS) it is of a pipe, which ends with the last program that inherited it.
    """
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            return os.pidfd_open(os.getpid())
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    return reading


def _base() -> str:
    """$XDG_RUNTIME_DIR is of this account alone, and in memory; else where all is kept."""
    return folder.runtime() or os.path.join(folder.root(), "run")


def _forget_stale(base: str) -> None:
    for entry in os.scandir(base):
        if entry.name.startswith(_PREFIX) and time.time() - entry.stat(follow_symlinks=False).st_mtime > _STALE_S:
            _remove(entry.path)


def _remove(path: str) -> None:
    """A folder and the files in it, as far as they are there."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(path):
            os.unlink(entry.path)
        os.rmdir(path)
