"""Nobody but this machine and this origin is answered, and nothing else is listened to."""

import aiohttp
import pytest

from slack_simulator.client import SimulatorClient
from slack_simulator.server import Simulator


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "attacker.example"},
        {"Host": "127.0.0.1.attacker.example:80"},
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/control/messages", "/api/auth.test", "/changes", "/link/"])
async def test_only_this_machine_and_this_origin(simulator: Simulator, path: str, headers: dict[str, str]) -> None:
    """A web page elsewhere can neither read nor act, by name (DNS rebinding) or by form."""
    async with aiohttp.ClientSession() as session, session.get(simulator.url + path, headers=headers) as response:
        assert response.status == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/control/messages", 403), ("/api/chat.postMessage?channel=general&text=forged", 403)],
)
async def test_a_link_elsewhere_leads_to_the_page_and_to_nothing_else(
    simulator: Simulator, people: SimulatorClient, path: str, status: int
) -> None:
    """Links work; a link that acts, with a token that everybody knows, does not."""
    headers = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
        "Authorization": f"Bearer {simulator.workspace.spec.bot_token}",
    }
    async with aiohttp.ClientSession() as session, session.get(simulator.url + path, headers=headers) as response:
        assert response.status == status
    assert await people.messages("general", "alice") == []
