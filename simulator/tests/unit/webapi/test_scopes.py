"""Every method says which scope it needs."""

from slack_simulator.webapi.dispatch import APP_METHODS, BOT_METHODS
from slack_simulator.webapi.scopes import METHOD_SCOPES


def test_every_method_says_what_it_needs() -> None:
    """A new method cannot be forgotten in the table."""
    assert set(METHOD_SCOPES) == {*BOT_METHODS, *APP_METHODS}
