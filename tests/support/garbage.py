"""A leak is blamed on the module that made it: garbage is collected where that module ends.

What was left open (a child's pipes, a connection, a task whose loop has gone) warns when it is collected, and a warning
is an error. Without this it is collected in the middle of some other test.
"""

import gc
from collections.abc import Iterator

import pytest
from aiohttp import web_app


@pytest.fixture(autouse=True, scope="module")
def nothing_is_left_open() -> Iterator[None]:
    yield
    # aiohttp keeps the last thousand handlers of every application there was, and with them its storage and caches.
    web_app._cached_build_middleware.cache_clear()
    gc.collect()
