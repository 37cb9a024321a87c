"""SCRAM-SHA-256 against RFC 7677's own example, and against servers that cheat."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.postgres.protocol.scram import ScramClient, ScramFailed, prepare

# RFC 7677, section 3.
NONCE = "rOprNGfwEbeRWgbNEkqO"
SERVER_FIRST = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
CLIENT_FINAL = (
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
)
SERVER_FINAL = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_the_rfcs_example() -> None:
    client = ScramClient("user", nonce=NONCE)
    assert client.first() == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    assert client.final(SERVER_FIRST, "pencil") == CLIENT_FINAL
    client.verify(SERVER_FINAL)


def test_a_server_that_does_not_know_the_password() -> None:
    client = ScramClient("user", nonce=NONCE)
    client.final(SERVER_FIRST, "another")
    with pytest.raises(ScramFailed, match="could not prove"):
        client.verify(SERVER_FINAL)


def test_a_server_that_skips_the_exchange() -> None:
    with pytest.raises(ScramFailed):
        ScramClient("user", nonce=NONCE).verify(b"v=")


@pytest.mark.parametrize(
    "server_first",
    [
        b"r=somebody-elses-nonce,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"r=" + NONCE.encode() + b",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        SERVER_FIRST.replace(b"i=4096", b"i=0"),
        SERVER_FIRST.replace(b"i=4096", b"i=99999999"),
        SERVER_FIRST.replace(b"i=4096", b"i=-1"),
        SERVER_FIRST.replace(b"s=W22ZaJ0SNY7soEsUEjb6gQ==", b"s="),
        b"m=ext," + SERVER_FIRST,
        b"e=unknown-user",
        b"",
        b"\xff",
    ],
)
def test_bad_challenges(server_first: bytes) -> None:
    with pytest.raises(ScramFailed):
        ScramClient("user", nonce=NONCE).final(server_first, "pencil")


@given(st.binary(max_size=80))
def test_garbage_raises_only_scram_failed(garbage: bytes) -> None:
    client = ScramClient("user", nonce=NONCE)
    with pytest.raises(ScramFailed):
        client.final(garbage, "pencil")
    with pytest.raises(ScramFailed):
        client.verify(garbage)


def test_channel_binding_is_part_of_the_proof() -> None:
    client = ScramClient(binding=b"certificate hash", nonce=NONCE)
    assert client.first().startswith(b"p=tls-server-end-point,,")
    final = client.final(SERVER_FIRST, "pencil")
    assert base64.b64decode(final.split(b",")[0][2:]) == b"p=tls-server-end-point,,certificate hash"


def test_a_client_that_could_bind_says_so() -> None:
    assert ScramClient(supported=True, nonce=NONCE).first().startswith(b"y,,")


@pytest.mark.parametrize(
    ("password", "prepared"),
    [
        # RFC 4013, section 3.
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        # Prohibited: used as it is, as PostgreSQL does.
        ("\u0627\u0031", "\u0627\u0031"),
        ("ü\u0007", "ü\u0007"),
    ],
)
def test_saslprep(password: str, prepared: str) -> None:
    assert prepare(password) == prepared.encode()
