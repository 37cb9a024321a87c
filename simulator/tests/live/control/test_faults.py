"""Faults by the control API: listed, ended, described, and refused where they make no sense."""

from typing import Any

import aiohttp
import pytest

from slack_simulator.client import ControlError, SimulatorClient
from slack_simulator.server import Simulator


async def test_what_is_active_is_listed_and_can_be_ended(people: SimulatorClient) -> None:
    first = await people.add_fault("api_error", method="chat.postMessage", times=2)
    second = await people.add_fault("duplicate")
    listed = (await people.faults())["faults"]
    assert [(one["id"], one["kind"], one["left"]) for one in listed] == [
        (first, "api_error", 2),
        (second, "duplicate", None),
    ]
    assert listed[0]["status"] == 503, "what was left out has its default"
    await people.remove_fault(first)
    assert [one["id"] for one in (await people.faults())["faults"]] == [second]
    with pytest.raises(ControlError, match=f"active are: {second}"):
        await people.remove_fault(first)
    await people.clear_faults()
    assert (await people.faults())["faults"] == []


async def test_the_catalogue_says_all_that_a_page_needs(people: SimulatorClient) -> None:
    catalogue = {one["kind"]: one for one in (await people.faults())["catalogue"]}
    assert set(catalogue) == {
        "api_ratelimited", "api_error", "api_refuses", "api_latency", "api_answer_lost",
        "duplicate", "dropped", "delivery_latency", "ghost", "double_click",
        "ephemeral_lost", "bad_signature", "stale_signature",
    }  # fmt: skip
    for kind in catalogue.values():
        assert kind["says"].endswith(".")
        assert {"times", "for_s"} <= {field["name"] for field in kind["fields"]}
        assert all(field["says"] and field["type"] in {"text", "number", "whole"} for field in kind["fields"])


@pytest.mark.parametrize(
    ("kind", "fields", "says"),
    [
        ("rain", {}, "there is no fault 'rain'; there are: api_ratelimited"),
        ("api_error", {"colour": "red"}, "has no field 'colour'; it takes: method, status, times, for_s"),
        ("api_error", {"status": 404}, "status must be between 500 and 599"),
        ("api_error", {"status": "503"}, "status must be a whole number"),
        ("api_refuses", {}, "api_refuses needs error"),
        ("dropped", {"envelope": "hello"}, "envelope must be one of slash_commands, interactive, events_api"),
        ("api_latency", {"seconds": -1}, "seconds must be between 0"),
        ("duplicate", {"times": 0}, "times must be between 1"),
        ("duplicate", {"times": True}, "times must be a whole number"),
        ("ghost", {}, "no such connection is open; open are: none"),
        ("ghost", {"connection": 7}, "no such connection is open; open are: none"),
    ],
)
async def test_a_fault_that_makes_no_sense_is_refused(
    people: SimulatorClient, kind: str, fields: dict[str, Any], says: str
) -> None:
    with pytest.raises(ControlError) as refused:
        await people.add_fault(kind, **fields)
    assert says in str(refused.value)


@pytest.mark.parametrize("body", [{}, {"add": "rain"}, {"clear": False}, {"remove": 1}, {"ad": {}}])
async def test_a_malformed_request_is_refused(simulator: Simulator, body: Any) -> None:
    async with aiohttp.ClientSession() as session, session.post(f"{simulator.url}/control/faults", json=body) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]
