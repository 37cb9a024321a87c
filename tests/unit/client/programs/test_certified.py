"""A key for one run of ssh: where it is made, and what the next run sweeps away."""

import base64
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from client.programs import certified


class Answering:
    """An API that certifies whatever it is sent."""

    def post(self, path: str, body: Any) -> dict[str, str]:
        assert path == "/api/grants/g/ssh-certificate"
        assert body["public_key"].startswith("ssh-ed25519 ")
        return {"certificate": f"ssh-ed25519-cert-v01@openssh.com {base64.b64encode(b'x').decode()}"}


def made(home: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    path = certified.key_for(Answering(), "g")  # pyright: ignore[reportArgumentType] - what it asks of an Api
    assert path is not None
    return Path(path)


def test_a_runtime_folder_of_this_account_alone_holds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    key = made(tmp_path, runtime, monkeypatch)
    assert key.parent.parent == runtime / "gatepass" / "keys"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_runtime_folder_that_others_write_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one as /tmp anybody may have put a link to folders of ours, where what is old would be swept away."""
    home, runtime = tmp_path / "home", tmp_path / "shared"
    home.mkdir(mode=0o700)
    (home / "thesis").mkdir()
    os.utime(home / "thesis", (0, 0))
    (runtime / "gatepass").mkdir(parents=True)
    runtime.chmod(0o1777)
    (runtime / "gatepass" / "keys").symlink_to(home)
    key = made(home, runtime, monkeypatch)
    assert (home / "thesis").is_dir()
    assert key.parent.parent == home / ".config" / "gatepass" / "keys"


def test_only_folders_of_runs_are_swept_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    first = made(tmp_path, runtime, monkeypatch).parent
    other = first.parent / "mine"
    other.mkdir()
    for each in (first, other):
        os.utime(each, (0, 0))
    second = made(tmp_path, runtime, monkeypatch).parent
    assert (first.exists(), other.exists(), second.exists()) == (False, True, True)
