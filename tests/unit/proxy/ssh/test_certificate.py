"""A session's certificate: for whom, for how long, and what it allows."""

from pathlib import Path
from uuid import UUID

from asyncssh.public_key import SSHOpenSSHCertificate

from access.policy.shapes.accounts import Certificate
from access.policy.shapes.roles import Role, SshFeature
from proxy.ssh.certificate import Subject, certified
from proxy.ssh.user_authority import signing_key

SESSION = UUID("0192c5f6-1234-4000-8000-00000000abcd")
NOW = 1_800_000_000.0


def made(
    folder: Path, *, until: float = NOW + 3600, allow: tuple[SshFeature, ...] = (SshFeature.EXEC,), **how: object
) -> SSHOpenSSHCertificate:
    certificate = Certificate.model_validate({"ca": "users", **how})
    role = Role(username="deploy", certificate=certificate, allow=list(allow))
    key, signed = certified(folder, role, certificate, Subject("alice", SESSION, until), NOW)
    assert isinstance(signed, SSHOpenSSHCertificate)
    assert signed.key.public_data == key.public_data
    return signed


def test_it_names_person_and_session(tmp_path: Path) -> None:
    signed = made(tmp_path)
    assert signed._key_id == f"gatepass:alice:{SESSION}"
    assert signed._serial == SESSION.int & (2**64 - 1)
    assert signed.signing_key.public_data == signing_key(tmp_path, "users").public_data


def test_it_is_for_the_roles_account_unless_a_principal_is_named(tmp_path: Path) -> None:
    assert list(made(tmp_path).principals) == ["deploy"]
    assert list(made(tmp_path, principal="deployers").principals) == ["deployers"]


def test_it_is_valid_for_five_minutes_and_never_longer_than_the_access(tmp_path: Path) -> None:
    signed = made(tmp_path)
    assert (signed._valid_after, signed._valid_before) == (NOW - 60, NOW + 300)
    assert made(tmp_path, until=NOW + 20)._valid_before == NOW + 20


def test_it_forwards_nothing_unless_the_role_does(tmp_path: Path) -> None:
    role = Role(username="deploy", certificate=Certificate(ca="users"), forward=["db:5432"])
    _, signed = certified(tmp_path, role, Certificate(ca="users"), Subject("alice", SESSION, NOW + 60), NOW)
    assert isinstance(signed, SSHOpenSSHCertificate)
    assert set(signed.options) == {"permit-pty", "permit-port-forwarding"}
    assert set(made(tmp_path).options) == {"permit-pty"}
    assert set(made(tmp_path, allow=(SshFeature.SFTP,)).options) == set()


def test_it_may_be_bound_to_addresses(tmp_path: Path) -> None:
    signed = made(tmp_path, source_addresses=["10.0.0.0/24", "::1"])
    assert [str(each) for each in signed.options["source-address"]] == ["10.0.0.0/24", "::1/128"]  # pyright: ignore


def test_each_has_a_key_of_its_own(tmp_path: Path) -> None:
    assert made(tmp_path).key.public_data != made(tmp_path).key.public_data
