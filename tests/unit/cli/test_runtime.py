"""The folder of keys and recordings: made for its owner, and not used where others could replace what is in it."""

import os
import pwd
from pathlib import Path

import pytest

from cli.runtime import NotReady, home, operator
from cli.settings import Settings


def at(folder: Path) -> Settings:
    return Settings.model_validate({"GATEPASS_HOME": folder})


@pytest.mark.finding("L6")
def test_a_new_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        home(at(tmp_path / "gatepass"))
    finally:
        os.umask(old)
    assert (tmp_path / "gatepass").stat().st_mode & 0o777 == 0o700
    home(at(tmp_path / "gatepass"))


@pytest.mark.finding("L6")
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702, 0o1777])
def test_a_folder_in_which_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(mode)
    with pytest.raises(NotReady, match=rf"Others than its owner may write to .*mode {mode:04o}.*chmod 700"):
        home(at(tmp_path / "open"))


def test_what_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for wrong in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(NotReady, match=r"Set GATEPASS_HOME\."):
            home(at(wrong))


def test_no_variable_changes_who_an_operator_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "somebody-else")
    assert operator() == f"operator:{pwd.getpwuid(os.getuid()).pw_name}"


def test_an_account_without_a_name_is_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 3_999_999_999)
    assert operator() == "operator:3999999999"
