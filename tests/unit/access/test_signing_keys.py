"""The folder of signing keys: made once, read by its owner alone, and shared by processes that change it."""

import base64
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from access.signing_keys import KeyFolder, KeyUnusable, thumbprint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    KeyFolder(tmp_path / "keys")
    return tmp_path / "keys"


def test_the_first_start_makes_a_key_for_its_owner_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        KeyFolder(tmp_path / "keys")
    finally:
        os.umask(old)
    files = list((tmp_path / "keys").iterdir())
    assert oct((tmp_path / "keys").stat().st_mode & 0o777) == "0o700"
    assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}
    assert sorted(file.suffix for file in files) == ["", ".pem"]


def test_two_first_starts_at_once_agree_on_a_key(tmp_path: Path) -> None:
    for attempt in range(5):
        folder, starters = tmp_path / str(attempt), 6
        barrier = Barrier(starters)

        def start(folder: Path = folder, barrier: Barrier = barrier) -> KeyFolder:
            barrier.wait(timeout=10)
            return KeyFolder(folder)

        with ThreadPoolExecutor(starters) as pool:
            started = list(pool.map(lambda _: start(), range(starters)))
        assert len({keys.active()[0] for keys in started}) == 1
        assert all(keys.public(started[0].active()[0]) is not None for keys in started)
        assert len(list(folder.glob("*.pem"))) == 1


def test_a_key_that_others_can_read_is_refused(folder: Path) -> None:
    (key_file,) = folder.glob("*.pem")
    key_file.chmod(0o640)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        KeyFolder(folder)


def test_a_new_key_is_the_active_one_everywhere_and_the_old_one_still_verifies(folder: Path) -> None:
    one, other = KeyFolder(folder), KeyFolder(folder)
    old, _ = one.active()
    new = other.rotate()
    assert one.active()[0] == other.active()[0] == new != old
    for keys in (one, other):
        assert keys.public(old) is not None
        assert keys.public(new) is not None
    assert one.public("no such key") is None


def test_a_key_taken_out_of_the_folder_verifies_nothing(folder: Path) -> None:
    keys = KeyFolder(folder)
    old, _ = keys.active()
    keys.rotate()
    (folder / f"{old}.pem").unlink()
    os.utime(folder, ns=(1, 1))
    assert keys.public(old) is None


def test_an_active_key_that_is_not_there_is_named(folder: Path) -> None:
    keys = KeyFolder(folder)
    (folder / "active").write_text("elsewhere")
    with pytest.raises(KeyUnusable, match=r"names key elsewhere, but elsewhere\.pem is not there"):
        keys.active()
    (folder / "active").unlink()
    with pytest.raises(KeyUnusable, match="it names the key that signs tokens"):
        keys.active()


def pem(key: Any) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize("content", [b"", b"garbage", pem(generate_private_key(SECP256R1()))])
def test_a_given_file_without_a_key_is_named(tmp_path: Path, content: bytes) -> None:
    given_file = tmp_path / "given.pem"
    given_file.write_bytes(content)
    given_file.chmod(0o400)
    with pytest.raises(KeyUnusable, match=r"given\.pem"):
        KeyFolder(tmp_path / "keys", given=given_file)


def test_a_given_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        KeyFolder(tmp_path / "keys", given=tmp_path / "given.pem")


def test_the_key_id_is_the_jwk_thumbprint() -> None:
    """RFC 8037, appendix A.3."""
    raw = base64.urlsafe_b64decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    expected = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert thumbprint(Ed25519PublicKey.from_public_bytes(raw)) == expected[:16]
