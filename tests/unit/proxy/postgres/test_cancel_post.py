"""Cancels on their way between the processes that share a port."""

import asyncio
from pathlib import Path

import pytest

from proxy.place import ALONE, Place
from proxy.postgres.cancel_post import CancelPost
from proxy.postgres.protocol.startup import CancelRequest

REQUEST = CancelRequest(7, b"secret")


async def test_a_request_reaches_the_process_it_is_for_and_is_dealt_with_then(tmp_path: Path) -> None:
    done: list[CancelRequest] = []

    async def cancel(request: CancelRequest) -> None:
        await asyncio.sleep(0)
        done.append(request)

    async def never(request: CancelRequest) -> None:
        raise AssertionError(request)

    async with CancelPost(Place(1, 2, tmp_path), cancel), CancelPost(Place(0, 2, tmp_path), never) as post:
        await post.deliver(REQUEST, 1)
        assert done == [REQUEST]


async def test_what_is_no_request_is_dropped(tmp_path: Path) -> None:
    async def never(request: CancelRequest) -> None:
        raise AssertionError(request)

    async with CancelPost(Place(0, 2, tmp_path), never):
        for packet in (b"", b"GET / HTTP/1.1\r\n\r\n", bytes(8), b"\0\0\0\x08\x04\xd2\x16\x2f", b"\0\0\1\0"):
            reader, writer = await asyncio.open_unix_connection(tmp_path / "cancels-0")
            writer.write(packet)
            writer.write_eof()
            assert await reader.read() == b""
            writer.close()


async def test_a_process_that_is_gone_or_was_killed_disturbs_nobody(tmp_path: Path) -> None:
    async def cancel(_request: CancelRequest) -> None: ...

    async with CancelPost(Place(0, 2, tmp_path), cancel) as post:
        await post.deliver(REQUEST, 1)
    (tmp_path / "cancels-0").touch()
    async with CancelPost(Place(0, 2, tmp_path), cancel), CancelPost(Place(1, 2, tmp_path), cancel) as post:
        await post.deliver(REQUEST, 0)


@pytest.mark.parametrize("index", [0, 1])
async def test_one_process_has_nobody_to_tell(index: int) -> None:
    async def never(request: CancelRequest) -> None:
        raise AssertionError(request)

    async with CancelPost(ALONE, never) as post:
        await post.deliver(REQUEST, index)
