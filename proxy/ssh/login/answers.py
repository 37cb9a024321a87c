"""Answers of keyboard-interactive: exactly one to each question (RFC 4256, 3.4), and any other ends the connection.

asyncssh takes as many as come, each in the place of the one before it, so that guesses would go by uncounted.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncssh
from asyncssh.auth import MSG_USERAUTH_INFO_RESPONSE

UNASKED = "An answer came to no question: each question of a login takes exactly one."


def take_one_each(connection: asyncssh.SSHServerConnection, unasked: Callable[[str], None]) -> None:
    """Have what answers no question hung up on, once `unasked` knows as whom it came. Replaces parts of asyncssh."""
    hidden: Any = connection
    finish: Callable[..., Awaitable[None]] = hidden._finish_userauth

    async def finished(begin_auth: bool, method: bytes, packet: Any) -> None:
        """The method's handler is there from then on, and has neither asked nor heard anything yet."""
        await finish(begin_auth, method, packet)
        auth = hidden._auth
        if auth is not None and MSG_USERAUTH_INFO_RESPONSE in auth._packet_handlers:
            _count(auth, lambda: unasked(str(hidden._username)))

    hidden._finish_userauth = finished


def _count(auth: Any, unasked: Callable[[], None]) -> None:
    send: Callable[[Any], Awaitable[None]] = auth._send_challenge
    take: Callable[..., None] = auth._packet_handlers[MSG_USERAUTH_INFO_RESPONSE]
    open_questions = 0

    async def sent(challenge: Any) -> None:
        nonlocal open_questions
        open_questions = int(isinstance(challenge, tuple | list))
        await send(challenge)

    def taken(handler: Any, kind: int, number: int, packet: Any) -> None:
        nonlocal open_questions
        if not open_questions:
            unasked()
            raise asyncssh.ProtocolError(UNASKED)
        open_questions = 0
        take(handler, kind, number, packet)

    auth._send_challenge = sent
    auth._packet_handlers = {**auth._packet_handlers, MSG_USERAUTH_INFO_RESPONSE: taken}
