"""The table of wrappers' own options: no letter or name means two things, and every wrapper is looked through."""

from collections.abc import Callable

import pytest

from proxy.shell.prefixes import PREFIXES, Prefix

Labels = Callable[[str], set[str]]


@pytest.mark.parametrize("name", PREFIXES)
def test_an_option_takes_a_value_or_does_not(name: str) -> None:
    prefix = PREFIXES[name]
    kinds = [set(letters) for letters in (prefix.valued, prefix.plain, prefix.idle, prefix.opens_shell)]
    assert len(set().union(*kinds)) == sum(map(len, kinds))
    assert not prefix.long_valued & prefix.long_plain


# runuser is like su unless -u is given: test_wrappers.py has it.
@pytest.mark.parametrize("name", sorted(PREFIXES.keys() - {"runuser"}))
def test_what_follows_a_wrapper_is_named(name: str, labels: Labels) -> None:
    operands = "1 " * PREFIXES[name].operands
    assert "command:rm" in labels(f"{name} {operands}rm x")


@pytest.mark.parametrize("name", [name for name, prefix in PREFIXES.items() if prefix != Prefix()])
def test_an_option_that_is_not_in_the_table_is_not_guessed(name: str, labels: Labels) -> None:
    operands = "1 " * PREFIXES[name].operands
    assert "dynamic_command" in labels(f"{name} --unheard-of {operands}rm x")
