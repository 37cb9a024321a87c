"""Patterns that are compiled when they are first used: some take a tenth of a second, and most commands need none."""

import re
from functools import cached_property


class Lazily:
    """One of `re`, over bytes."""

    def __init__(self, pattern: bytes) -> None:
        self.pattern = pattern

    @cached_property
    def compiled(self) -> re.Pattern[bytes]:
        return re.compile(self.pattern)
