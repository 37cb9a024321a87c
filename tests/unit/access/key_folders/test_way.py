"""The way to a folder of keys: whoever could put another folder in its place is named, and what to do."""

import os
from pathlib import Path

import pytest

from access.key_folders.folder import made, opened
from access.key_folders.unusable import KeyUnusable

NOBODY, ANOTHER = 65_534, 61_234
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root gives folders away")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "srv" / "home").mkdir(parents=True, mode=0o755)
    return tmp_path / "srv" / "home"


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o1777])
def test_a_folder_that_others_may_write_is_refused(home: Path, mode: int) -> None:
    with made(home / "keys"):
        assert (home / "keys").stat().st_mode & 0o777 == 0o700
    (home / "keys").chmod(mode)
    for act in (made, opened):
        with (
            pytest.raises(KeyUnusable, match=rf"may write to .*keys \(mode {mode:04o}\), where keys are: chmod 700 it"),
            act(home / "keys"),
        ):
            pass


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o702])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_above_that_others_may_write_is_refused(home: Path, mode: int, *, is_there: bool) -> None:
    if is_there:
        (home / "keys").mkdir(mode=0o700)
    for path in (home, home.parent):
        path.chmod(mode)
        with (
            pytest.raises(
                KeyUnusable, match=rf"may write to {path} \(mode {mode:04o}\), and could put .*chmod go-w it"
            ),
            made(home / "keys"),
        ):
            pass
        path.chmod(0o755)
    assert (home / "keys").exists() == is_there


def test_of_a_folder_with_the_sticky_bit_others_take_nothing_away(home: Path) -> None:
    home.chmod(0o1777)
    with made(home / "keys") as folder:
        folder.put("key", b"1")


@as_root
def test_a_folder_above_of_another_account_is_refused(home: Path) -> None:
    os.chown(home.parent, ANOTHER, ANOTHER)
    os.chown(home, NOBODY, NOBODY)
    with (
        pytest.raises(KeyUnusable, match=r"srv belongs to uid 61234, who could put another folder in .*\(chown\), or"),
        made(home / "keys"),
    ):
        pass
    assert list(home.iterdir()) == []


@as_root
def test_only_root_looks_after_the_keys_of_another_account(home: Path) -> None:
    (home / "keys").mkdir(mode=0o755)
    home.parent.parent.chmod(0o755)
    os.chown(home / "keys", ANOTHER, ANOTHER)
    with opened(home / "keys"):
        pass
    way = [each for each in home.parents if each.stat().st_mode & 0o001 == 0]
    modes = [each.stat().st_mode for each in way]
    for each in way:
        each.chmod(0o755)
    os.seteuid(NOBODY)
    try:
        with (
            pytest.raises(KeyUnusable, match="belongs to uid 61234, who could put any key there"),
            opened(home / "keys"),
        ):
            pass
    finally:
        os.seteuid(0)
        for each, mode in zip(way, modes, strict=True):
            each.chmod(mode)


def test_a_link_above_is_followed_where_nobody_else_leads_it(home: Path, tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to("srv")
    (tmp_path / "absolute").symlink_to(tmp_path / "run")
    for name in ("run", "absolute"):
        with made(tmp_path / name / "home" / ".." / "home" / "keys") as folder:
            folder.put(name, b"1")
    assert sorted(path.name for path in (home / "keys").iterdir()) == ["absolute", "run"]


@as_root
@pytest.mark.parametrize("whose", ["link", "folder"])
def test_a_link_above_that_another_account_leads_is_refused(home: Path, tmp_path: Path, whose: str) -> None:
    link = tmp_path / "srv" / "link"
    link.symlink_to(home)
    if whose == "link":
        (tmp_path / "srv").chmod(0o1777)
        os.lchown(link, NOBODY, NOBODY)
    else:
        os.chown(tmp_path / "srv", NOBODY, NOBODY)
    with (
        pytest.raises(KeyUnusable, match=r"link is a link that \S+ may lead elsewhere, .*name the folder"),
        made(link / "k"),
    ):
        pass
    assert list(home.iterdir()) == []


def test_a_link_that_leads_to_itself_and_a_file_are_no_folder(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("link")
    (tmp_path / "file").touch()
    for name in ("link", "file"):
        with pytest.raises(NotADirectoryError), made(tmp_path / name / "keys"):
            pass
    with pytest.raises(FileNotFoundError), opened(tmp_path / "nothing" / "keys"):
        pass
