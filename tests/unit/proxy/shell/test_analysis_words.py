"""What a word says once the shell has taken its quotes away."""

from collections.abc import Callable

import pytest

Labels = Callable[[str], set[str]]


@pytest.mark.parametrize(
    "command",
    [
        "\\rm x",
        "r\\m x",
        "'rm' x",
        '"rm" x',
        "r'm' x",
        '""r""m x',
        "$'rm' x",
        "$'\\x72m' x",
        "$'\\162m' x",
        "/bin/../bin/rm x",
        "r\\\nm x",
    ],
)
def test_quotes_and_escapes_hide_no_name(labels: Labels, command: str) -> None:
    assert "command:rm" in labels(command)
