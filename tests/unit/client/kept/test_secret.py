"""Where a sign-in is kept: a keyring where there is one that keeps, else a file for its owner."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pytest

from client.errors import SIGNED_OUT, Failed
from client.kept import secret
from client.kept.servers import Server


class Keeping:
    """A keyring, as the library has them."""

    priority = 5
    kept: ClassVar[dict[tuple[str, str], str]] = {}
    is_locked: ClassVar[bool] = False

    def set_password(self, service: str, name: str, password: str) -> None:
        if self.is_locked:
            raise RuntimeError("locked")
        self.kept[service, name] = password

    def get_password(self, service: str, name: str) -> str | None:
        if self.is_locked:
            raise RuntimeError("locked")
        return self.kept.get((service, name))

    def delete_password(self, service: str, name: str) -> None:
        del self.kept[service, name]


class Failing(Keeping):
    priority = 0


SERVER = Server("https://gate")


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    found(monkeypatch, Keeping())
    yield
    Keeping.kept.clear()
    Keeping.is_locked = False


def found(monkeypatch: pytest.MonkeyPatch, backend: object) -> None:
    library = ModuleType("keyring")
    library.get_keyring = lambda: backend  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "keyring", library)


def kept_in(name: str | None) -> Server:
    return Server(SERVER.origin, keyring=name)


def test_a_keyring_keeps_it_and_no_file_has_it() -> None:
    name = secret.keep(SERVER, "s1", in_keyring=True)
    assert name == f"{__name__}:Keeping"
    assert secret.read(kept_in(name)) == "s1"
    assert not Path(SERVER.file("secret")).exists()
    secret.forget(kept_in(name))
    with pytest.raises(Failed, match="not signed in") as failed:
        secret.read(kept_in(name))
    assert failed.value.status == SIGNED_OUT


@pytest.mark.parametrize("backend", [None, Failing(), object()])
def test_without_one_a_private_file_does(monkeypatch: pytest.MonkeyPatch, backend: object) -> None:
    found(monkeypatch, backend)
    assert secret.keep(SERVER, "s2", in_keyring=True) is None
    path = Path(SERVER.file("secret"))
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("s2\n", 0o600)
    assert secret.read(SERVER) == "s2"
    path.chmod(0o640)
    with pytest.raises(Failed, match="can be read by others"):
        secret.read(SERVER)
    secret.forget(SERVER)
    with pytest.raises(Failed, match="not signed in"):
        secret.read(SERVER)


def test_a_locked_one_is_no_reason_to_lose_a_sign_in() -> None:
    Keeping.is_locked = True
    assert secret.keep(SERVER, "s3", in_keyring=True) is None
    with pytest.raises(Failed, match="keyring") as failed:
        secret.read(kept_in(f"{__name__}:Keeping"))
    assert failed.value.status == SIGNED_OUT
    secret.forget(kept_in(f"{__name__}:Keeping"))


def test_who_wants_a_file_gets_one() -> None:
    assert secret.keep(SERVER, "s4", in_keyring=False) is None
    assert Keeping.kept == {}
