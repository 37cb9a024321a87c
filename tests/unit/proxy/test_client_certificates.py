"""Whether this process can ask for certificates without judging them, and what it does where it cannot."""

import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from access.certificates.authority import ClientAuthority
from proxy import client_certificates
from proxy.client_certificates import ask, brought, can_ask


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    can_ask.cache_clear()
    client_certificates._library.cache_clear()  # pyright: ignore[reportPrivateUsage]
    yield
    can_ask.cache_clear()
    client_certificates._library.cache_clear()  # pyright: ignore[reportPrivateUsage]


def test_this_one_can(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    assert ask(context, ClientAuthority(tmp_path).certificate_file)
    assert (context.verify_mode, context.num_tickets) == (ssl.CERT_OPTIONAL, 0)


def test_where_there_is_no_tls_there_is_no_certificate() -> None:
    assert brought(None) is None


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 99, 0)])
def test_another_python_asks_nobody(tmp_path: Path, version: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    assert not ask(context, ClientAuthority(tmp_path).certificate_file)
    assert context.verify_mode == ssl.CERT_NONE, "it is left as it was"


def test_an_openssl_that_cannot_be_reached_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: object) -> object:
        return object()

    monkeypatch.setattr("ctypes.CDLL", none)
    assert not can_ask()


def test_a_layout_that_is_not_known_is_not_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Library:
        """Says of whatever is there that it is something else."""

        def SSL_CTX_get_verify_mode(self, _: object) -> int:  # noqa: N802 - its name in C
            return 77

    monkeypatch.setattr(client_certificates, "_library", Library)
    monkeypatch.setattr(client_certificates._library, "cache_clear", lambda: None, raising=False)  # pyright: ignore[reportPrivateUsage]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with pytest.raises(ValueError, match="laid out otherwise"):
        client_certificates._ask(context, tmp_path)  # pyright: ignore[reportPrivateUsage]
