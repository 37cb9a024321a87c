"""The front door listens on loopback, or not at all."""

import pytest

from slack_simulator.server import demo_spec, serve


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])  # noqa: S104 - to be refused
async def test_it_listens_on_loopback_only(host: str) -> None:
    """Anything else is refused before a socket opens."""
    with pytest.raises(ValueError, match="loopback only"):
        async with serve(demo_spec(), host):
            pass
