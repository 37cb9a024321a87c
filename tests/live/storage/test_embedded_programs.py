"""The server's programs where its account cannot go: copied for it, and nobody's folders are opened."""

import os
import subprocess
from pathlib import Path

import pytest

from storage.embedded import programs
from storage.embedded.programs import ProgramsMissing, can_reach
from storage.embedded.server_account import Account

SOMEBODY = Account(os.getuid() + 4321, os.getgid() + 4321)

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root runs the server as another account")


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """A folder that everybody may enter, whatever stands above it."""
    folder = tmp_path
    while folder != folder.parent and not folder.stat().st_mode & 0o001:
        folder.chmod(folder.stat().st_mode | 0o001)
        folder = folder.parent
    return tmp_path


@pytest.fixture
def closed_site(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The wheel as installed below a home that nobody else may enter."""
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    site = home / "installed"
    site.mkdir()
    for part in programs._PARTS:
        (site / part).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", programs._site() / part, site / part], check=True)
    monkeypatch.setattr(programs, "_site", lambda: site)
    return site


@pytest.mark.finding("L5")
def test_programs_out_of_reach_are_copied_and_no_folder_is_opened(closed_site: Path, open_folder: Path) -> None:
    before = {path: path.stat().st_mode for path in (closed_site, *closed_site.parents)}
    assert not can_reach(SOMEBODY, closed_site)
    found = programs.programs(SOMEBODY, open_folder / "copies")
    assert {path: path.stat().st_mode for path in before} == before
    for name in ("postgres", "initdb", "pg_ctl"):
        said = subprocess.check_output(
            [found / name, "--version"], user=SOMEBODY.uid, group=SOMEBODY.gid, extra_groups=[]
        )
        assert b"PostgreSQL" in said
    inside = [path for path in (open_folder / "copies").rglob("*") if not path.is_symlink()]
    assert not any(path.stat().st_mode & 0o022 for path in inside)
    assert programs.programs(SOMEBODY, open_folder / "copies") == found


@pytest.mark.finding("L5")
def test_programs_within_reach_are_used_where_they_are(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bin_folder = open_folder / programs._INSTALLED / "bin"
    bin_folder.mkdir(parents=True)
    monkeypatch.setattr(programs, "_site", lambda: open_folder)
    assert programs.programs(SOMEBODY, open_folder / "copies") == bin_folder
    assert not (open_folder / "copies").exists()


@pytest.mark.finding("L5")
def test_a_copy_that_others_could_have_made_is_not_run(closed_site: Path, open_folder: Path) -> None:
    copies = open_folder / "copies"
    copies.mkdir(mode=0o755)
    copies.chmod(0o777)
    with pytest.raises(ProgramsMissing, match="is not a folder that this account alone may change"):
        programs.programs(SOMEBODY, copies)
    copies.chmod(0o755)
    os.chown(copies, SOMEBODY.uid, -1)
    with pytest.raises(ProgramsMissing, match="is not a folder that this account alone may change"):
        programs.programs(SOMEBODY, copies)
