"""Where forwarded connections lead to."""

from collections.abc import Iterator

import pytest

from support.clients import echo


@pytest.fixture(scope="session")
def echo_port() -> Iterator[int]:
    with echo.tcp() as port:
        yield port
