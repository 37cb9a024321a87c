"""PostgreSQL's own client programs: Debian's, and those of 18 from the wheel that the tests' server comes from."""

import functools
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from storage.embedded.programs import programs


@dataclass(frozen=True)
class Programs:
    """Programs of one version, and what they need around them."""

    folder: Path | None
    environment: Mapping[str, str]

    def command(self, name: str, *arguments: str) -> list[str]:
        return [str(self.folder / name) if self.folder else name, *arguments]


def debian() -> Programs:
    """This machine's, by the path."""
    return Programs(None, {})


@functools.cache
def newest() -> Programs:
    """The wheel's, which are of the server's version.

    Their libpq speaks no TLS; psycopg's is of the same major version, and does, so the loader is given that one.
    """
    found = importlib.util.find_spec("psycopg_binary")
    assert found is not None
    assert found.origin is not None
    [libpq] = (Path(found.origin).parent.parent / "psycopg_binary.libs").glob("libpq-*.so.*")
    return Programs(programs(None), {"LD_PRELOAD": str(libpq)})
