"""A wrapper's own options: they are stepped over as far as they are known."""

import pytest

from proxy.shell.handed_on import NOTHING, UNKNOWN, Reader, Runs
from proxy.shell.prefixes import PREFIXES


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("nice -n 5 rm x", Runs(commands=((2, 4),))),
        ("timeout --kill-after=1 5 rm", Runs(commands=((2, 3),))),
        ("env A=1 -u B rm", Runs(commands=((3, 4),))),
        ("env -S rm", Runs(scripts=((1, 2),))),
        ("watch -n 1 rm x", Runs(scripts=((2, 4),))),
        ("command -v rm", NOTHING),
        ("nice --no-such rm", UNKNOWN),
    ],
)
def test_what_stands_behind_its_options_is_handed_on(line: str, expected: Runs) -> None:
    name, *words = line.split()
    assert Reader(PREFIXES[name], words).read() == expected


def test_a_computed_word_before_the_command_may_be_an_option() -> None:
    assert Reader(PREFIXES["nice"], [None, "rm"]).read() == UNKNOWN
