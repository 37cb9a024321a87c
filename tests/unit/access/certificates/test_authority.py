"""The authority for clients: made once, private, and another than the servers'."""

import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509

from access.certificates.authority import ClientAuthority
from access.certificates.subject import Subject
from access.key_folders.unusable import KeyUnusable
from support.identity.certificates import new_key

NOW = datetime(2026, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC)
SUBJECT = Subject("alice", "read", "payments-db", UUID(int=5), "0123456789abcdef")


def test_it_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = ClientAuthority(tmp_path / "client-ca")
    assert (tmp_path / "client-ca").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "client-ca" / "ca-key.pem").stat().st_mode & 0o777 == 0o600
    assert ClientAuthority(tmp_path / "client-ca").certificate == first.certificate


def test_processes_that_start_at_once_have_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: ClientAuthority(tmp_path), range(8)))
    assert all(each.certificate == made[0].certificate for each in made)
    for each in made:
        der = each.sign(new_key().public_key(), SUBJECT, NOW, NOW)
        x509.load_der_x509_certificate(der).verify_directly_issued_by(ClientAuthority(tmp_path).certificate)


def test_it_signs_to_the_second_and_never_longer(tmp_path: Path) -> None:
    key = new_key()
    der = ClientAuthority(tmp_path).sign(key.public_key(), SUBJECT, NOW, NOW + timedelta(minutes=5))
    made = x509.load_der_x509_certificate(der)
    assert made.not_valid_after_utc == (NOW + timedelta(minutes=5)).replace(microsecond=0)
    assert made.public_key() == key.public_key()
    assert made.serial_number == 0x0123456789ABCDEF


def test_whoever_trusts_the_servers_authority_trusts_none_of_it(tmp_path: Path) -> None:
    """Nothing that it signs is a server: it is no file that clients are given, and its certificates say so."""
    der = ClientAuthority(tmp_path).sign(new_key().public_key(), SUBJECT, NOW, NOW + timedelta(minutes=5))
    purposes = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert purposes.critical
    assert [each.dotted_string for each in purposes.value] == [ssl.Purpose.CLIENT_AUTH.oid]


@pytest.mark.parametrize(
    ("file", "content", "mode", "says"),
    [
        ("ca-key.pem", None, 0o644, "can be read by others"),
        ("ca-key.pem", b"x", 0o600, "is no private key"),
        ("ca.pem", b"x", 0o600, "is no certificate"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, file: str, content: bytes | None, mode: int, says: str) -> None:
    ClientAuthority(tmp_path)
    if content is not None:
        (tmp_path / file).write_bytes(content)
    (tmp_path / file).chmod(mode)
    with pytest.raises(KeyUnusable, match=says):
        ClientAuthority(tmp_path).sign(new_key().public_key(), SUBJECT, NOW, NOW)


def test_a_key_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    authority = ClientAuthority(tmp_path)
    (tmp_path / "ca-key.pem").unlink()
    with pytest.raises(KeyUnusable, match="is missing"):
        authority.sign(new_key().public_key(), SUBJECT, NOW, NOW)
