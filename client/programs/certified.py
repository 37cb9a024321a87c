"""A key of this run alone, and Gatepass's certificate over it: made by ssh-keygen in a folder of this account's own.

ssh reads both after this program has become it, so they stay where they are. What is older than any certificate counts
is swept away by the next run.
"""

import contextlib
import os
import re
import secrets
import shutil
import subprocess
import time
from typing import Final

from client.api import Api, Refused
from client.errors import FILES, Failed
from client.kept import folder

#: Longer than a certificate is good for.
_OLD_S: Final = 600
_MAKE_S: Final = 30
#: What a folder of a run is called: nothing else is swept away.
_RUN_BYTES: Final = 8
_RUN: Final = re.compile(f"[0-9a-f]{{{2 * _RUN_BYTES}}}")


def key_for(api: Api, grant: str, touch: str | None = None) -> str | None:
    """The path of a key certified for this grant; None: this machine or the server makes none. Raises Failed.

    `touch` is what was touched for, where it takes that.
    """
    program = shutil.which("ssh-keygen")
    if program is None:
        return None
    path = os.path.join(_run_folder(), "key")
    _make(program, path)
    try:
        said = {"public_key": folder.read(f"{path}.pub")} | ({} if touch is None else {"touch": touch})
        answer = api.post(f"/api/grants/{grant}/ssh-certificate", said)
    except Refused as refused:
        forget(path)
        if refused.word == "not_found":
            return None
        raise
    except Failed:
        forget(path)
        raise
    folder.write(f"{path}-cert.pub", f"{answer['certificate']}\n")
    return path


def forget(path: str | None) -> None:
    """Remove a key of ours, with its folder."""
    if path is not None:
        shutil.rmtree(os.path.dirname(path), ignore_errors=True)


def _make(program: str, path: str) -> None:
    words = [program, "-q", "-t", "ed25519", "-N", "", "-C", "gatepass", "-f", path]
    try:
        made = subprocess.run(  # noqa: S603 - ssh-keygen, with words of ours
            words, capture_output=True, stdin=subprocess.DEVNULL, timeout=_MAKE_S, check=False, umask=0o077
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(f"ssh-keygen made no key ({type(error).__name__}).", FILES) from error
    if made.returncode:
        raise Failed(f"ssh-keygen made no key: {made.stderr.decode(errors='replace').strip()}", FILES)


def _run_folder() -> str:
    """A new folder for this run; those of runs long ago go. Raises Failed."""
    keys = os.path.join(folder.runtime() or folder.root(), "keys")
    path = os.path.join(keys, secrets.token_hex(_RUN_BYTES))
    try:
        folder.make(path)
        if os.stat(keys).st_uid != os.getuid() or os.stat(keys).st_mode & 0o077:
            raise Failed(f"{keys} is not for your account alone. Remove it, and do it again.", FILES)
    except OSError as error:
        raise Failed(f"{path} cannot be made ({error.strerror}).", FILES) from error
    before = time.time() - _OLD_S
    for name in filter(_RUN.fullmatch, os.listdir(keys)):
        other = os.path.join(keys, name)
        with contextlib.suppress(OSError):
            if os.stat(other).st_mtime < before:
                shutil.rmtree(other, ignore_errors=True)
    return path
