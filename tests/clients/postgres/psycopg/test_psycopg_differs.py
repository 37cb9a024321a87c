"""psycopg 3 and libpq: what the gateway does otherwise than the server on purpose, as docs/clients.md says it."""

import psycopg
import pytest

from support.clients.psycopg_cases import connected, rows
from support.clients.ways import Databases

#: Connection settings that work as they do at the server.
SETTINGS = {
    "direct TLS": {"sslnegotiation": "direct"},
    "require": {"sslmode": "require"},
    "prefer": {"sslmode": "prefer"},
    "allow": {"sslmode": "allow"},
    "verify-ca": {"sslmode": "verify-ca"},
    "gssencmode": {"gssencmode": "prefer"},
    "read-write": {"target_session_attrs": "read-write"},
    "primary": {"target_session_attrs": "primary"},
    "any": {"target_session_attrs": "any"},
    "prefer-standby": {"target_session_attrs": "prefer-standby"},
    "application": {"application_name": "mine"},
    "encoding": {"client_encoding": "latin1"},
    "protocol 3.2": {"max_protocol_version": "3.2"},
    "newest protocol": {"max_protocol_version": "latest"},
    "keepalives": {"keepalives_idle": "10", "tcp_user_timeout": "20000"},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_connects_with(plain: Databases, name: str) -> None:
    with connected(plain.through, **SETTINGS[name]) as connection:
        assert rows(connection, "select 1") == [(1,)]


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("plain text", {"sslmode": "disable", "sslrootcert": ""}),
        ("options", {"options": "-c work_mem=8MB"}),
        ("channel binding", {"channel_binding": "require"}),
        ("scram alone", {"require_auth": "scram-sha-256"}),
    ],
)
def test_is_refused_with(plain: Databases, name: str, setting: dict[str, str]) -> None:
    with pytest.raises(psycopg.OperationalError) as refused:
        connected(plain.through, **setting)
    said = {"plain text": "TLS", "options": "options", "channel binding": "channel binding", "scram alone": "authentic"}
    assert said[name] in str(refused.value)


def test_card_numbers_are_masked_in_whatever_they_are(plain: Databases) -> None:
    """By content, in a database without masked columns too: a number that a mask would not be becomes NULL."""
    query = "select '4111111111111111', 4111111111111111, int8range(4111111111111111, 4111111111111119)"
    with connected(plain.through) as connection:
        assert rows(connection, query, binary=True) == [("************1111", None, None)]


def test_copy_out_in_binary_is_refused(plain: Databases) -> None:
    with (
        connected(plain.through) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="binary"),
        connection.cursor().copy("copy people to stdout (format binary)") as copy,
    ):
        copy.read()


def test_encodings_with_ascii_inside_are_refused(plain: Databases) -> None:
    with connected(plain.through) as connection, pytest.raises(psycopg.Error, match="SJIS"):
        connection.execute("set client_encoding = 'sjis'")
        connection.execute("select 1")


def test_the_application_is_named_by_the_gateway(plain: Databases) -> None:
    with connected(plain.through, application_name="mine") as connection:
        [[name]] = rows(connection, "select current_setting('application_name')")
    assert name.startswith("gatepass:alice:")
