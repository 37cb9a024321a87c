"""The bot's listeners, registered for real on a Bolt app without a network."""

from collections.abc import AsyncIterator

import pytest

from support.bot.registration import Registration, registration


@pytest.fixture
async def registered() -> AsyncIterator[Registration]:
    async with registration() as made:
        yield made
