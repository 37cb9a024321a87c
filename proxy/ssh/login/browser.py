"""The method `keyboard-interactive` (RFC 4256): a token as a password, or a link to let the connection in by a browser.

Who presses Enter at the question gets the link, and ssh goes on by itself once it is used. Until then the connection
keeps its place at the door, so that few of them may wait.
"""

import asyncio
import base64
import contextlib
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Final

import asyncssh
from asyncssh.auth import KbdIntChallenge

from access.context import Access
from access.errors import Refused
from access.identity import acts
from access.identity.presented import Presented
from access.identity.ssh import logins, standing
from access.identity.ssh.logins import Offered
from access.policy.shapes.credentials import ClientCredential
from access.tokens import Claims
from access.visible import visible_line
from proxy.doors.sources import source_of
from proxy.errors import AccessRefused
from proxy.sessions.authenticator import NO_STORAGE
from proxy.sessions.gateway import Gateway
from proxy.sessions.refusals import Attempt
from storage.database import StorageUnavailable
from storage.model import Protocol

#: sshpass and what works like it (Ansible) wait for "assword", JSch for "password:".
PROMPT: Final = "Gatepass token as password: "
PROMPT_OR_BROWSER: Final = "Enter for a link, or a Gatepass token as password: "


class BrowserLogin:
    """That of one connection."""

    def __init__(
        self,
        gateway: Gateway,
        conn: asyncssh.SSHServerConnection,
        client: str,
        own: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._gateway = gateway
        self._conn = conn
        self._client = client
        self._own = own
        self._offered: Offered | None = None
        #: A link that is being made; it is, whatever becomes of the connection.
        self._making: asyncio.Task[Offered] | None = None

    @property
    def question(self) -> KbdIntChallenge:
        """What a client is asked first."""
        return "", "", "", ((PROMPT_OR_BROWSER if self._gateway.access.pages else PROMPT, False),)

    @property
    def is_offered(self) -> bool:
        return self._offered is not None

    async def offer(self, username: str) -> KbdIntChallenge:
        """The link and the number, with no question: a client shows them and answers at once. Raises AccessRefused."""
        self.left()
        if self._making is not None:
            raise AccessRefused("A link is being made for this connection already. Start ssh again.")
        access = self._gateway.access
        host = self._client.rpartition(":")[0]
        software = str(self._conn.get_extra_info("client_version") or "")
        try:
            self._gateway.authenticator.lockout.check_source(source_of(host))
            self._offered = await self._made(
                logins.offer(access, username, client=self._client, source=source_of(host), software=software)
            )
        except Refused as refused:
            attempt = Attempt(username, Protocol.SSH, self._client)
            await self._gateway.authenticator.refusals.note(attempt, str(refused))
            raise AccessRefused(str(refused)) from refused
        except StorageUnavailable as error:
            raise AccessRefused(NO_STORAGE) from error
        return "", _words(access.pages, username, host, self._offered), "", ()

    async def _made(self, offering: Coroutine[Any, Any, Offered]) -> Offered:
        """The link; one whose client has gone meanwhile is over, and takes nobody's place. Raises as `offering`."""
        making = self._making = asyncio.ensure_future(offering)
        try:
            offered = await asyncio.shield(making)
        except asyncio.CancelledError:
            self._own(self._abandoned(making))
            raise
        finally:
            if making.done():
                self._making = None
        return offered

    async def _abandoned(self, making: asyncio.Task[Offered]) -> None:
        try:
            await self._gateway.logins.gone((await making).id)
        except (Refused, StorageUnavailable):
            return
        finally:
            self._making = None

    async def decided(self) -> Presented:
        """Wait until somebody decides, for ten minutes; then what there is to be let in by. Raises AccessRefused."""
        offered, self._offered = self._offered, None
        if offered is None:
            raise AccessRefused("There is no link to wait for. Start ssh again.")
        waiters, is_decided = self._gateway.logins, False
        try:
            with _patience(self._conn):
                await waiters.decided(offered.id)
            is_decided = True
        except StorageUnavailable as error:
            raise AccessRefused(NO_STORAGE) from error
        finally:
            if not is_decided:
                self._own(waiters.gone(offered.id))

        async def read(access: Access) -> Claims:
            return await logins.claims(access, offered.id)

        detail = {"login": str(offered.id)}
        return Presented(ClientCredential.BROWSER, read, standing.link, detail, act=lambda _: acts.let_in(offered.id))

    def left(self) -> None:
        """The client is gone before it waited."""
        if self._offered is not None:
            self._own(self._gateway.logins.gone(self._offered.id))
            self._offered = None


def _words(pages: str, username: str, host: str, offered: Offered) -> str:
    secret = base64.urlsafe_b64encode(offered.secret).rstrip(b"=").decode()
    return (
        f"Gatepass: let this terminal in as {visible_line(username)}, from {host}. Open\n\n"
        f"    {pages}/let-in/{secret}\n\n"
        f"and type the number there: {offered.number}\n\n"
        "The link is for you alone and for this connection. ssh goes on by itself; waiting for ten minutes.\n"
    )


@contextlib.contextmanager
def _patience(connection: asyncssh.SSHServerConnection) -> Generator[None]:
    """Have the time for a login stand still: who waits has proven nothing, and may wait longer than who types.

    Replaces a private part of asyncssh.
    """
    hidden: Any = connection
    timer = hidden._login_timer
    hidden._cancel_login_timer()
    try:
        yield
    finally:
        if timer is not None and hidden._loop is not None and hidden._transport is not None:
            hidden._login_timer = hidden._loop.call_later(_AFTERWARDS_S, hidden._login_timer_callback)


#: To try something else, if nobody let it in.
_AFTERWARDS_S: Final = 15.0
