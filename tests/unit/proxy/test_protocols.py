"""Every protocol has a listener."""

import ssl
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from proxy.protocols import application_of, listener
from storage.model import Protocol


@pytest.mark.parametrize("protocol", Protocol)
def test_what_is_served_listens(protocol: Protocol, tmp_path: Path) -> None:
    gateway: Any = SimpleNamespace(access=SimpleNamespace(client_authority=None))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if application_of(protocol) is not None else None
    assert hasattr(listener(protocol, gateway, ("127.0.0.1", 0), home=tmp_path, tls=tls), "__aenter__")
