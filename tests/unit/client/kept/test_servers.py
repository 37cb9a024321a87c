"""Which server is meant."""

from pathlib import Path

import pytest

from client.errors import FILES, NO_SERVER, USAGE, Failed
from client.kept import folder, servers
from client.kept.servers import Server, origin_of


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("GATEPASS_SERVER", raising=False)


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("gate.example.com", "https://gate.example.com"),
        ("https://gate.example.com/", "https://gate.example.com"),
        ("https://gate.example.com:443", "https://gate.example.com"),
        ("gate.example.com:8444", "https://gate.example.com:8444"),
        ("http://localhost:8444", "http://localhost:8444"),
        ("http://[::1]:8444", "http://[::1]:8444"),
    ],
)
def test_an_address_has_one_spelling(typed: str, origin: str) -> None:
    assert origin_of(typed) == origin


@pytest.mark.parametrize(
    "typed", ["", "http://gate.example.com", "https://gate/x", "https://u@gate", "ftp://gate", "https://gäte", "gate:x"]
)
def test_what_is_no_address(typed: str) -> None:
    with pytest.raises(Failed) as failed:
        origin_of(typed)
    assert failed.value.status == USAGE


def test_the_last_sign_in_is_meant_unless_somebody_says_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Failed, match="gatepass login") as failed:
        servers.meant(None)
    assert failed.value.status == NO_SERVER
    one, two = Server("https://one", person="alice"), Server("https://two")
    servers.keep(one)
    servers.make_default(one)
    assert servers.meant(None) == one
    assert servers.meant("two") == two
    monkeypatch.setenv("GATEPASS_SERVER", "two")
    assert servers.meant(None) == two
    assert servers.meant("one") == one


def test_what_is_kept_is_for_its_owner_alone(tmp_path: Path) -> None:
    server = Server("https://one:8444")
    servers.keep(server)
    path = Path(server.file("server.json"))
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert path == tmp_path / "gatepass" / "servers" / "one_8444" / "server.json"
    path.write_text("{")
    with pytest.raises(Failed, match="damaged") as failed:
        servers.known(server.origin)
    assert failed.value.status == FILES


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "gatepass").write_text("")
    with pytest.raises(Failed) as failed:
        folder.write(str(tmp_path / "gatepass" / "x" / "y"), "")
    assert failed.value.status == FILES
