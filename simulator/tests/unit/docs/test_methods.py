"""The documentation names every method of the Web API."""

from pathlib import Path

from slack_simulator.webapi.dispatch import APP_METHODS, BOT_METHODS


def test_the_documentation_names_every_method() -> None:
    """Each in a table with its scope and its limit."""
    document = (Path(__file__).parents[3] / "docs" / "conformance.md").read_text()
    assert [name for name in (*BOT_METHODS, *APP_METHODS) if f"`{name}`" not in document] == []
