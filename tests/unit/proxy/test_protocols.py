"""Every protocol that is served has a listener, and the others are refused in words."""

import ssl
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from access.policy.served import SERVED, NotServed
from proxy.protocols import listener
from storage.model import Protocol


@pytest.mark.parametrize("protocol", Protocol)
def test_what_is_served_listens(protocol: Protocol, tmp_path: Path) -> None:
    gateway: Any = SimpleNamespace(access=SimpleNamespace(client_authority=None))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if protocol in SERVED:
        assert hasattr(listener(protocol, gateway, ("127.0.0.1", 0), home=tmp_path, tls=tls), "__aenter__")
    else:
        with pytest.raises(NotServed, match=f"{protocol} resources are not supported yet"):
            listener(protocol, gateway, ("127.0.0.1", 0), home=tmp_path, tls=tls)
