"""Texts: statements and names of the client's as the server reads them, once that is known.

How it reads a text depends on client_encoding and standard_conforming_strings, which what was sent before may change.
"""

import contextlib
from collections.abc import Callable

from proxy.errors import PolicyFault
from proxy.postgres.protocol import messages
from proxy.postgres.protocol.encodings import NO_UTF8, UTF8, codec
from proxy.postgres.relay.judging.held_run import answered
from proxy.postgres.relay.judging.questions import ask_in_batch
from proxy.postgres.relay.link import Link, Sent, done
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.sessions.reviewed import NotAsked
from proxy.syntax.sql import has_plain_backslash

_UNCERTAIN_NAME = (
    "Gatepass is not certain how the database reads the name of this prepared statement or portal. Use ASCII in such "
    "names, or UTF8 in client and database and a batch in which nothing ran before."
)
_SYNC = ord("S")


class Texts:
    """One connection's."""

    def __init__(self, state: ConnectionState, link: Link) -> None:
        self._state = state
        self._link = link

    async def once_answered(self, take: Callable[[bytes, bytes], Sent], whole: bytes) -> bytes:
        """Take a message when all that was sent before has its answer."""
        if not await self.settled() and whole[0] != _SYNC:
            return b""
        return await done(take(whole[5:], whole))

    async def settled(self) -> bool:
        """Wait until all that was sent before has been answered: what is asked next is asked of what it left behind.

        False: it failed, and the server discards what comes next.
        """
        state = self._state
        if state.current is None:
            await self._link.send(b"")
            return not state.discarding
        await self._link.send(messages.FLUSH)
        await self._link.until(lambda: state.current is None or state.copying_in)
        return not state.discarding

    def text(self, sql: bytes) -> bytes:
        """A text of the client's in UTF-8, as its client_encoding reads it; what is not certain becomes no UTF-8."""
        is_read = b"\\" not in sql or (self.is_certain(sql) and self._state.strings_conform)
        if not is_read and has_plain_backslash(sql):
            return sql + NO_UTF8
        encoding = codec(self._state.encoding)
        if sql.isascii():
            return sql
        if encoding is None or not self.is_certain(sql):
            return sql + NO_UTF8
        if encoding == UTF8:
            return sql
        try:
            return sql.decode(encoding).encode()
        except UnicodeDecodeError:
            return sql + NO_UTF8

    def is_certain(self, sql: bytes) -> bool:
        """Whether it is known how the server reads a text.

        It tells of another client_encoding, and of other strings, with its next ReadyForQuery, so what was sent since
        the last one may have changed them, from UTF8 as well as from any other.
        """
        return (sql.isascii() and b"\\" not in sql) or self._state.is_settled

    async def certain_text(self, sql: bytes) -> bytes:
        """The same as `text`, once it is known how the server reads it: in a batch that has run something it is asked.

        Of a batch that failed meanwhile nothing comes of it.
        """
        if not self.is_certain(sql) and await self.settled() and not self.is_certain(sql) and self._state.is_in_batch:
            with contextlib.suppress(NotAsked):
                settings = ("client_encoding", "standard_conforming_strings")
                encoding, strings = await answered(self._link, *ask_in_batch(self._state, settings))
                self._state.asked(encoding, strings)
        return self.text(sql)

    def check_names(self, *names: str) -> None:
        """Names of statements and portals in messages, which the server converts and SQL may give again.

        Raises PolicyFault where it may read one as another than we do.
        """
        if all(map(str.isascii, names)):
            return
        if not (self._state.cuts_utf8 and self._state.is_settled and codec(self._state.encoding) == UTF8):
            raise PolicyFault(_UNCERTAIN_NAME)
