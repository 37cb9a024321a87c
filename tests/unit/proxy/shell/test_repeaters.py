"""Programs that run a command for each thing that they find or are given."""

import pytest

from proxy.shell.handed_on import UNKNOWN, Runs
from proxy.shell.repeaters import repeated


def handed_on(line: str) -> Runs:
    name, *words = line.split()
    return repeated(name, words)


def test_find_has_a_command_behind_each_of_its_actions() -> None:
    assert handed_on("find . -exec rm {} ; -ok mv {} y ;").commands == ((2, 4), (6, 9))


def test_a_plus_ends_finds_command_behind_its_placeholder_alone() -> None:
    assert handed_on("find . -exec flock + rm {} + -print").commands == ((2, 6),)


def test_what_is_computed_may_end_finds_command_and_begin_another() -> None:
    assert repeated("find", [".", "-exec", "cp", "{}", None, ";"]).unknown


@pytest.mark.parametrize(
    ("line", "placeholder"),
    [
        ("find . -print", "{}"),
        ("xargs rm", ""),
        ("xargs -I % rm %", "%"),
        ("xargs -0I% rm %", "%"),
        ("xargs -n 1 -i rm {}", "{}"),
        ("xargs --replace rm {}", "{}"),
        ("xargs --replace=X rm X", "X"),
        ("xargs -dI rm", ""),
    ],
)
def test_where_something_is_put_into_a_commands_words(line: str, placeholder: str) -> None:
    assert handed_on(line).placeholder == placeholder


def test_xargs_has_one_behind_its_options() -> None:
    assert handed_on("xargs -0 -n 1 rm -f").commands == ((3, 5),)


@pytest.mark.parametrize("line", ["parallel", "parallel -j 2", "parallel ::: reboot"])
def test_parallel_without_a_command_runs_what_it_is_given(line: str) -> None:
    assert handed_on(line) == UNKNOWN


def test_parallel_joins_its_words_to_a_line() -> None:
    assert handed_on("parallel -j 2 rm ::: a").scripts == ((2, 5),)
