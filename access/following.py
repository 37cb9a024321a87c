"""Following: a process takes over what another one adopted, as soon as it is told.

It never adopts: where the own file says something else, the process decides nothing until the two agree.
"""

import asyncio
from typing import Never

import structlog

from access import in_force
from access.context import Access
from storage.database import StorageUnavailable
from storage.notices import Notices, Topic

#: How soon a storage that did not answer is asked again.
RETRY_S = 1.0

log: structlog.stdlib.BoundLogger = structlog.get_logger()


async def follow_policy(access: Access, notices: Notices) -> Never:
    """Read the file again whenever another policy came into force; to be owned by the process's TaskGroup."""
    async with notices.subscribe(Topic.POLICY) as stream:
        while True:
            await anext(stream)
            await _look(access)


async def _look(access: Access) -> None:
    """However long storage takes: nobody tells a second time."""
    while True:
        try:
            await in_force.catch_up(access)
        except StorageUnavailable as error:
            log.warning("policy_not_followed_yet", why=str(error))
            await asyncio.sleep(RETRY_S)
        else:
            return
