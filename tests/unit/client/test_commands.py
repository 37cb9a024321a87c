"""The table of commands."""

import pytest

from client.commands import BY_NAME, COMMANDS, help_of, summary
from client.main import _OTHERS, _SIGNED_IN


def test_every_command_is_somewhere_and_named_once() -> None:
    elsewhere = {"completion", "resources"}
    assert BY_NAME.keys() == _SIGNED_IN.keys() | _OTHERS.keys() | elsewhere
    assert len(BY_NAME) == len(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each.name)
def test_help_names_every_option(command: object) -> None:
    assert command in COMMANDS
    text = help_of(command)  # pyright: ignore[reportArgumentType]
    assert all(each.name in text and each.about in text for each in command.options)  # pyright: ignore


def test_the_summary_hides_what_is_not_for_people() -> None:
    assert "ssh-ready" not in summary()
    assert "psql" in summary()
