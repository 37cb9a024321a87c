"""Alice's grant of read@db, and whoever forges certificates for it."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from access.context import Access
from proxy.postgres.protocol import startup
from support.identity.certificates import Forger, Shown
from support.postgres import Door

#: What a client is told: the tag of the first message and its content; nothing where there is no TLS with it.
Told = Callable[..., Awaitable[str]]


@pytest.fixture
async def forger(access: Access, door: Door, tmp_path: Path) -> Forger:
    return await Forger.of(access, tmp_path, door.ca_file, (await door.granted("read")).grant)


@pytest.fixture
def told(door: Door) -> Told:
    """Log in with a certificate and nothing else: `in`, `password`, the error's text, or `no TLS`."""

    async def tell(shown: Shown | None, user: str = "read@db", *, direct: bool = False, **how: ssl.TLSVersion) -> str:
        context = ssl.create_default_context(cafile=str(door.ca_file))
        context.set_alpn_protocols(["postgresql"])
        for setting, value in how.items():
            setattr(context, setting, value)
        if shown is not None:
            context.load_cert_chain(shown.certificate, shown.key)
        with contextlib.suppress(ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port, ssl=context if direct else None)
            door.opened.callback(writer.close)
            if not direct:
                writer.write(startup.SSL_REQUEST)
                assert await reader.readexactly(1) == b"S"
                await writer.start_tls(context, server_hostname="127.0.0.1")
            writer.write(startup.startup({"user": user, "database": "payments"}))
            async with asyncio.timeout(20):
                head = await reader.readexactly(5)
                body = await reader.readexactly(int.from_bytes(head[1:], "big") - 4)
            writer.close()
            if head[:1] == b"R":
                return "in" if body == b"\0\0\0\0" else "password"
            return next(part[1:] for part in body.split(b"\0") if part[:1] == b"M").decode()
        return "no TLS"

    return tell
