"""Waiting for what somebody decides in a browser about a login, in whatever process their browser is served."""

import asyncio
import contextlib
from typing import Never
from uuid import UUID

from access.context import Access
from access.identity.ssh import logins
from storage.database import StorageUnavailable
from storage.model import LoginState
from storage.notices import RESYNC, Notices, Topic

#: How often a login is looked at anyway, should a notice have been lost.
_LOOK_S = 2.0


class LoginWaiters:
    """Who waits for which login in this process."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._stirred: dict[UUID, asyncio.Event] = {}

    async def decided(self, login_id: UUID) -> LoginState:
        """What became of it; bounded by its ten minutes. Raises StorageUnavailable."""
        stirred = self._stirred[login_id] = asyncio.Event()
        try:
            while True:
                stirred.clear()
                state = (await logins.state(self._access, login_id)).state
                if state is not LoginState.WAITING:
                    return state
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await stirred.wait()
        finally:
            del self._stirred[login_id]

    async def gone(self, login_id: UUID) -> None:
        """Its connection is; where storage is away nobody can open the link either."""
        with contextlib.suppress(StorageUnavailable):
            await logins.gone(self._access, login_id)

    async def follow(self, notices: Notices) -> Never:
        """Wake those who wait; owned by the server."""
        async with notices.subscribe(Topic.SSH_LOGIN) as stream:
            while True:
                notice = await anext(stream)
                for login_id, stirred in self._stirred.items():
                    if notice.topic == RESYNC or notice.subject == str(login_id):
                        stirred.set()
