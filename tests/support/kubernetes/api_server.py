"""The smallest stand-in for an API server: answers that tests give it, and exec that runs real processes.

It speaks TLS and HTTP/1.1 as the real one does, and remembers what it was asked. What the door does with a real one is
shown by tests/cluster.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from proxy.kubernetes.streams import outcomes


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    target: str
    #: In lower case, as they came.
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each == name]


@dataclass
class ApiServer:
    """Its address, what it answers (path -> object, text or stream), and what it was asked."""

    address: str = ""
    answers: dict[str, Any] = field(default_factory=dict[str, Any])
    asked: list[Asked] = field(default_factory=list[Asked])
    #: Set while a watch or a log that follows is open.
    streaming: asyncio.Event = field(default_factory=asyncio.Event)
    #: Lines that are sent to whoever watches or follows.
    lines: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer as it was told to."""
        headers = tuple((name.decode().lower(), value.decode()) for name, value in request.raw_headers)
        if request.headers.get("upgrade", "").lower() == "websocket":
            self.asked.append(Asked(request.method, request.raw_path, headers, b""))
            return await self._exec(request)
        self.asked.append(Asked(request.method, request.raw_path, headers, await request.read()))
        if "watch=1" in request.raw_path or "follow=true" in request.raw_path:
            return await self._stream(request)
        given = self.answers.get(request.path)
        if given is None:
            return web.json_response(_status(404, "nothing is there"), status=404)
        if isinstance(given, bytes):
            return web.Response(body=given, content_type="application/json")
        if isinstance(given, str):
            return web.Response(text=given)
        return web.json_response(given)

    async def _stream(self, request: web.BaseRequest) -> web.StreamResponse:
        kind = "application/json" if "watch=1" in request.raw_path else "text/plain"
        response = web.StreamResponse(headers={"content-type": kind})
        await response.prepare(request)
        self.streaming.set()
        try:
            while True:
                await response.write(await self.lines.get())
        finally:
            self.streaming.clear()

    async def _exec(self, request: web.BaseRequest) -> web.StreamResponse:
        if "pods/refused" in request.path:
            return web.json_response(_status(403, "pods is forbidden"), status=403)
        socket = web.WebSocketResponse(protocols=["v5.channel.k8s.io", "v4.channel.k8s.io"])
        await socket.prepare(request)
        argv = request.query.getall("command", [])
        if not argv:
            argv = ["sh", "-c", "echo attached"]
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        feeding = asyncio.ensure_future(_feed(socket, process))
        try:
            await asyncio.gather(_copy(process.stdout, socket, b"\1"), _copy(process.stderr, socket, b"\2"))
            await socket.send_bytes(b"\3" + outcomes.encode(outcomes.exited(await process.wait())))
            await socket.close()
        finally:
            feeding.cancel()
            if process.returncode is None:
                process.kill()
                await process.wait()
        return socket


async def _feed(socket: web.WebSocketResponse, process: asyncio.subprocess.Process) -> None:
    """What the client sends to the process; it goes with its client."""
    assert process.stdin is not None
    async for message in socket:
        if message.type is not WSMsgType.BINARY:
            break
        if message.data[:1] == b"\0":
            process.stdin.write(message.data[1:])
        elif message.data == b"\xff\0":
            process.stdin.close()
    if process.returncode is None:
        process.kill()


async def _copy(stream: asyncio.StreamReader | None, socket: web.WebSocketResponse, channel: bytes) -> None:
    assert stream is not None
    while data := await stream.read(32_768):
        if socket.closed:
            return
        await socket.send_bytes(channel + data)


def _status(code: int, message: str) -> dict[str, Any]:
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}


@asynccontextmanager
async def serving(tls: ssl.SSLContext) -> AsyncGenerator[ApiServer]:
    """One on a free port of loopback."""
    server = ApiServer()
    runner = web.ServerRunner(web.Server(server.answer, access_log=None), shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    [(host, port), *_] = runner.addresses
    server.address = f"https://{host}:{port}"
    try:
        yield server
    finally:
        await runner.cleanup()
