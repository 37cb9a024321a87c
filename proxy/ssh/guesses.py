"""A client's guess at the key exchange, judged as RFC 4253, 7 has it: right only where both sides put the same first.

asyncssh takes a guess for right where what the client puts first was agreed on. A client that knows its guess to be
wrong sends its packet anew, and must find the first one ignored: it was told "Key exchange not in progress".
"""

import struct
from collections.abc import Awaitable, Callable
from typing import Any

import asyncssh
from asyncssh.constants import MSG_KEXINIT

#: Behind a KEXINIT's type: 16 bytes of cookie, ten name lists, first_kex_packet_follows (RFC 4253, 7.1).
_COOKIE_BYTES = 16
_LISTS = 10


def guessed_wrong(kexinit: bytes, key_exchange: str, host_key: str) -> bool:
    """Whether a packet follows this KEXINIT (without its type) that is to be ignored; the names are our own first ones.

    What cannot be read guesses nothing: whoever reads it next refuses it.
    """
    try:
        lists, at = [], _COOKIE_BYTES
        for _ in range(_LISTS):
            (length,) = struct.unpack_from(">I", kexinit, at)
            lists.append(kexinit[at + 4 : at + 4 + length].split(b",")[0].decode())
            at += 4 + length
        follows = kexinit[at] != 0
    except (struct.error, IndexError, UnicodeDecodeError):
        return False
    return follows and lists[:2] != [key_exchange, host_key]


def judge_guesses(connection: asyncssh.SSHServerConnection, key_exchange: str, host_key: str) -> None:
    """Have wrong guesses of this connection's client ignored; the names are those that the server puts first."""
    hidden: Any = connection
    process: Callable[[int, int, Any], bool | Awaitable[None]] = hidden.process_packet

    def judged(kind: int, number: int, packet: Any) -> bool | Awaitable[None]:
        wrong = kind == MSG_KEXINIT and guessed_wrong(packet.get_remaining_payload(), key_exchange, host_key)
        processed = process(kind, number, packet)
        return _then_ignored(hidden, processed) if wrong and not isinstance(processed, bool) else processed

    hidden.process_packet = judged


async def _then_ignored(hidden: Any, processed: Awaitable[None]) -> None:
    await processed
    hidden._ignore_first_kex = True
