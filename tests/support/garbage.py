"""A leak is blamed on the module that made it: garbage is collected where that module ends.

What was left open (a child's pipes, a connection, a task whose loop has gone) warns when it is collected, and a warning
is an error. Without this it is collected in the middle of some other test.
"""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="module")
def nothing_is_left_open() -> Iterator[None]:
    yield
    gc.collect()
