"""How deep brackets stand open."""

import pytest

from proxy.kubernetes.objects.depth import depth


@pytest.mark.parametrize(
    ("text", "open_"),
    [("", 0), ('{"a":[', 2), ('{"a":"{["}', 0), ('{"a":"\\"{"', 1), ('{"a":"\\\\"}', 0), ("]}", -2), ("12\n", 0)],
)
def test_brackets_in_strings_do_not_count(text: str, open_: int) -> None:
    assert depth(text) == open_
