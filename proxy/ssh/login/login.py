"""One connection's login: what it brings, by whatever method, is admitted or refused here, and refusals are counted.

A client says no more than "permission denied", so the reason goes ahead as a banner; so does the name of whoever let it
in by a link, which need not be the person at the terminal.
"""

import contextlib
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import asyncssh
from asyncssh.auth import KbdIntChallenge

from access.identity import presented
from access.identity.presented import Presented
from access.identity.ssh.authority import ClientAuthority
from access.policy.shapes.credentials import ClientCredential
from proxy.doors.sources import source_of
from proxy.errors import AccessRefused
from proxy.sessions.authenticator import Admission
from proxy.sessions.gateway import Gateway
from proxy.sessions.refusals import Attempt
from proxy.ssh.login.answers import UNASKED
from proxy.ssh.login.browser import BrowserLogin
from proxy.ssh.login.public_key import PublicKeys
from storage.model import Protocol


class Login:
    """That of one connection, from `client`, which is host:port."""

    def __init__(
        self,
        gateway: Gateway,
        conn: asyncssh.SSHServerConnection,
        client: str,
        *,
        authority: ClientAuthority,
        tries: int,
        own: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._gateway = gateway
        self._conn = conn
        self._client = client
        self._tries = tries
        self._failures = 0
        self._own = own
        self._keys = PublicKeys(gateway, authority, client)
        self._browser = BrowserLogin(gateway, conn, client, own)
        #: Set once it is let in.
        self.admission: Admission | None = None

    async def by_token(self, username: str, token: str) -> bool:
        """Raises PermissionDenied after too many refusals, as all of these."""
        return await self._admit(username, presented.token(token.strip()))

    @property
    def question(self) -> KbdIntChallenge:
        """What keyboard-interactive asks first."""
        return self._browser.question

    async def answered(self, username: str, answers: Sequence[str]) -> bool | KbdIntChallenge:
        """Whether what was answered lets in, or what is shown next."""
        try:
            if not answers and self._browser.is_offered:
                return await self._admit(username, await self._browser.decided())
            if len(answers) != 1:
                return False
            if not answers[0].strip() and self._gateway.access.pages:
                return await self._browser.offer(username)
        except AccessRefused as refusal:
            return self._refused(refusal)
        return await self.by_token(username, answers[0])

    def unasked(self, username: str) -> None:
        """It answered no question, and is hung up on: a refused login, as one of a wrong token is."""
        self._own(self._note_unasked(username))

    async def _note_unasked(self, username: str) -> None:
        attempt = Attempt(username, Protocol.SSH, self._client)
        await self._gateway.authenticator.refusals.note(attempt, UNASKED)
        await self._gateway.authenticator.lockout.failed(attempt.source, None)

    def left(self) -> None:
        """The client is gone."""
        self._browser.left()

    async def by_key(self, username: str, blob: bytes, message: bytes, signature: bytes) -> bool:
        """A key or certificate, offered without a signature, or used with one over `message`."""
        if not message:
            return await self._keys.may_sign(username, blob)
        try:
            brought = await self._keys.signed(username, blob, message, signature)
        except AccessRefused as refusal:
            return self._refused(refusal)
        return brought is not None and await self._admit(username, brought)

    async def _admit(self, username: str, brought: Presented) -> bool:
        try:
            self.admission = await self._gateway.admit_by(
                brought, username=username, protocol=Protocol.SSH, client=self._client
            )
        except AccessRefused as refusal:
            return self._refused(refusal)
        self._gateway.unknown_keys.forget(source_of(self._client.rpartition(":")[0]))
        if brought.kind is ClientCredential.BROWSER:
            self._say(f"Let in as {self.admission.principal.name}.")
        return True

    def _refused(self, refusal: AccessRefused) -> bool:
        self._failures += 1
        self._say(str(refusal))
        if self._failures >= self._tries:
            raise asyncssh.PermissionDenied("Too many logins were refused.") from refusal
        return False

    def _say(self, sentence: str) -> None:
        """Have the terminal show it; a client that is gone reads nothing."""
        with contextlib.suppress(OSError):
            self._conn.send_auth_banner(f"gatepass: {sentence}\n")
