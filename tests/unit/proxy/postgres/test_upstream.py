"""What the server tells of itself when somebody has logged in."""

from typing import Any, cast

import pytest

from proxy.postgres.upstream import Upstream


@pytest.mark.parametrize(
    ("told", "major"),
    [("18.1 (Debian 18.1-1)", 18), ("17rc1", 17), ("9.6.24", 9), ("", 0), ("unknown", 0), ("\u0661\u0668.1", 0)],
)
def test_the_major_version(told: str, major: int) -> None:
    connection = Upstream(cast("Any", None), cast("Any", None))
    assert connection.version == 0
    connection.parameters["server_version"] = told
    assert connection.version == major
