"""The folder of signing keys: made once, read by its owner alone, and shared by processes that change it."""

import base64
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from access import key_files
from access.key_files import thumbprint
from access.key_folders.folder import opened
from access.key_folders.unusable import KeyUnusable
from access.signing_keys import LATE_S, RETIREMENT_S, KeyFolder

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


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
    new = other.rotate(NOW)
    assert one.active()[0] == other.active()[0] == new != old
    for keys in (one, other):
        assert keys.public(old) is not None
        assert keys.public(new) is not None
    assert one.public("no such key") is None


def test_a_key_taken_out_of_the_folder_verifies_nothing(folder: Path) -> None:
    keys = KeyFolder(folder)
    old, _ = keys.active()
    keys.rotate(NOW)
    (folder / f"{old}.pem").unlink()
    os.utime(folder, ns=(1, 1))
    assert keys.public(old) is None


@pytest.mark.finding("M12")
def test_a_replaced_key_has_its_retirement_beside_it(folder: Path) -> None:
    keys, other = KeyFolder(folder), KeyFolder(folder)
    old, _ = keys.active()
    keys.rotate(NOW)
    keys.rotate(NOW + timedelta(hours=1))
    for each in (keys, other):
        verifying = each.public(old)
        assert verifying is not None
        assert verifying.retired_at == NOW
        assert verifying.accepts(NOW)
        assert not verifying.accepts(NOW + timedelta(seconds=LATE_S + 1))
        assert not verifying.is_over(NOW + timedelta(seconds=RETIREMENT_S))
        assert verifying.is_over(NOW + timedelta(seconds=RETIREMENT_S + LATE_S + 1))


@pytest.mark.finding("M12")
def test_the_rotation_after_its_last_token_takes_a_key_away(folder: Path) -> None:
    keys = KeyFolder(folder)
    old, _ = keys.active()
    second = keys.rotate(NOW)
    third = keys.rotate(NOW + timedelta(days=2))
    fourth = keys.rotate(NOW + timedelta(days=4))
    assert sorted(path.stem for path in folder.glob("*.pem")) == sorted([third, fourth])
    assert sorted(path.stem for path in folder.glob("*.retired")) == [third]
    assert keys.public(old) is None
    assert keys.public(second) is None


@pytest.mark.finding("M12")
def test_revoking_takes_every_other_key_away_at_once(folder: Path) -> None:
    keys, other = KeyFolder(folder), KeyFolder(folder)
    old, _ = keys.active()
    second = keys.rotate(NOW)
    kid = keys.rotate(NOW, revoke=True)
    assert [path.name for path in sorted(folder.iterdir())] == sorted([f"{kid}.pem", "active"])
    for each in (keys, other):
        assert each.public(old) is None
        assert each.public(second) is None
        assert each.public(kid) is not None


@pytest.mark.finding("M12")
def test_a_key_replaced_before_retirements_were_noted_was_so_at_the_last_rotation(folder: Path) -> None:
    keys = KeyFolder(folder)
    old, _ = keys.active()
    kid = keys.rotate(NOW)
    (folder / f"{old}.retired").unlink()
    os.utime(folder / "active", (NOW.timestamp(), NOW.timestamp()))
    verifying = KeyFolder(folder).public(old)
    assert verifying is not None
    assert verifying.retired_at == NOW
    active = KeyFolder(folder).public(kid)
    assert active is not None
    assert active.retired_at is None


@pytest.mark.finding("M12")
def test_a_rotation_that_died_before_the_switch_has_changed_nothing(folder: Path) -> None:
    keys = KeyFolder(folder)
    kid, _ = keys.active()
    with opened(folder) as within:
        key_files.make(within)
        key_files.retire(within, kid, NOW)
    verifying = KeyFolder(folder).public(kid)
    assert verifying is not None
    assert verifying.retired_at is None
    assert KeyFolder(folder).active()[0] == kid


@pytest.mark.finding("M12")
@pytest.mark.parametrize("note", [b"", b"yesterday", b"2026-11-22T12:00:00", b"\xff"])
def test_a_key_whose_retirement_cannot_be_read_verifies_nothing(folder: Path, note: bytes) -> None:
    keys = KeyFolder(folder)
    old, _ = keys.active()
    kid = keys.rotate(NOW)
    (folder / f"{old}.retired").write_bytes(note)
    assert KeyFolder(folder).public(old) is None
    assert KeyFolder(folder).active()[0] == kid


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


def test_a_change_with_the_same_time_as_the_one_before_is_seen(folder: Path) -> None:
    """Another process read the folder while a key was being revoked; the kernel's clock had not gone on."""
    keys, kid = KeyFolder(folder), (folder / "active").read_text()
    before = folder.stat().st_mtime_ns
    assert keys.public(kid) is not None
    (folder / f"{kid}.pem").unlink()
    os.utime(folder, ns=(before, before))
    assert keys.public(kid) is None


def test_a_folder_that_has_not_changed_for_long_is_not_read_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kid = (folder / "active").read_text()
    os.utime(folder, ns=(0, 0))
    keys = KeyFolder(folder)
    monkeypatch.setattr(keys, "_read", None)
    assert keys.public(kid) is not None
