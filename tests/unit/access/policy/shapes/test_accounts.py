"""Accounts that live as long as a session, as the policy says them."""

import pytest
from pydantic import ValidationError

from access.policy.shapes.accounts import Certificate, RoleAdmin


def test_a_name_of_postgresql_is_taken_as_it_is() -> None:
    assert RoleAdmin(username='Odd "Name"', password="env:X").username == 'Odd "Name"'


@pytest.mark.parametrize("name", ["", "x" * 64, "ü" * 32, "a\0b"])
def test_what_is_no_name_of_postgresql(name: str) -> None:
    with pytest.raises(ValidationError):
        RoleAdmin(username=name, password="env:X")


@pytest.mark.parametrize("network", ["10.0.0.7", "10.0.0.0/24", "2001:db8::/32", "::1"])
def test_addresses_and_networks(network: str) -> None:
    assert Certificate(ca="users", source_addresses=[network]).source_addresses == [network]


@pytest.mark.parametrize("network", ["10.0.0.1/24", "host", "", "10.0.0.0/33"])
def test_what_is_no_network(network: str) -> None:
    with pytest.raises(ValidationError, match="is no address and no network"):
        Certificate(ca="users", source_addresses=[network])


@pytest.mark.parametrize("principal", ["", "a b", "a,b", "a\nb", "x" * 129])
def test_what_is_no_principal(principal: str) -> None:
    with pytest.raises(ValidationError):
        Certificate(ca="users", principal=principal)
