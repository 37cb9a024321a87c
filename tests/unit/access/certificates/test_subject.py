"""What a certificate says, and that it reads back as nothing else."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.certificates.subject import Subject, is_a_clients
from access.policy.shapes.base import NAME_PATTERN
from support.identity.certificates import CLIENT, SERVER, Draft, name, new_key

SUBJECT = Subject("alice", "read", "payments-db", UUID(int=5), "0123456789abcdef")


def draft(**other: object) -> Draft:
    usual = {"subject": SUBJECT, "issuer": name("CA"), "signed_by": new_key()}
    return Draft(**(usual | other))  # pyright: ignore[reportArgumentType]


@given(st.from_regex(NAME_PATTERN, fullmatch=True), st.from_regex(NAME_PATTERN, fullmatch=True), st.uuids())
def test_what_is_written_is_read(role: str, resource: str, grant: UUID) -> None:
    subject = Subject("alice", role, resource, grant, "00000000000000ff")
    assert Subject.read(draft(subject=subject).made()) == subject
    assert subject.serial == 255


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "gatepass://read@payments-db",
        "https://read@payments-db/00000000-0000-0000-0000-000000000005/0123456789abcdef",
        SUBJECT.uri.upper(),
        SUBJECT.uri + "\n",
        SUBJECT.uri + "?x",
        SUBJECT.uri.replace("@", "%40"),
        SUBJECT.uri.replace("read", "re ad"),
        SUBJECT.uri.replace("0123456789abcdef", "0123456789ABCDEF"),
        SUBJECT.uri.replace("0123456789abcdef", "1123456789abcdef"),
        SUBJECT.uri.replace("00000000-0000", "000000000000-"),
    ],
)
def test_what_is_another_address(uri: str) -> None:
    assert Subject.read(draft(uris=(uri,)).made()) is None


def test_one_address_and_its_own_number() -> None:
    assert Subject.read(draft(uris=(SUBJECT.uri, SUBJECT.uri)).made()) is None
    assert Subject.read(draft(serial=1).made()) is None


def test_what_is_a_clients() -> None:
    assert is_a_clients(draft().made())
    assert not is_a_clients(draft(is_authority=True).made())
    assert not is_a_clients(draft(purposes=(SERVER,)).made())
    assert not is_a_clients(draft(purposes=(CLIENT, SERVER)).made())
