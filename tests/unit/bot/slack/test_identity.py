"""Who may be relied on: every flag, every foreign team, every missing fact."""

from typing import Any

import pytest

from bot.slack.identity import FOREIGN, account_refusal, payload_refusal, user_id

TEAM = "T0HOME"
MEMBER = {
    "id": "U1",
    "team_id": TEAM,
    "deleted": False,
    "is_bot": False,
    "is_restricted": False,
    "is_ultra_restricted": False,
    "is_email_confirmed": True,
}
CLICK: dict[str, Any] = {
    "type": "block_actions",
    "user": {"id": "U1", "team_id": TEAM},
    "team": {"id": TEAM},
    "channel": {"id": "C1", "name": "incidents"},
}
COMMAND = {"user_id": "U1", "team_id": TEAM, "command": "/access"}
EVENT = {"team_id": TEAM, "event": {"type": "app_home_opened", "user": "U1"}}


def test_a_member_may_review() -> None:
    assert account_refusal(MEMBER, TEAM, reviewing=True) is None
    assert account_refusal(MEMBER | {"is_stranger": False}, TEAM, reviewing=True) is None


@pytest.mark.parametrize(
    "change",
    [
        {"deleted": True},
        {"is_bot": True},
        {"is_restricted": True},
        {"is_ultra_restricted": True},
        {"is_stranger": True},
        {"is_email_confirmed": False},
        {"team_id": "T0ELSEWHERE"},
        {"team_id": None},
        {"is_restricted": None},
        {"is_restricted": "false"},
    ],
    ids=[
        "deleted",
        "bot",
        "restricted",
        "ultra restricted",
        "stranger",
        "unconfirmed",
        "foreign",
        "no team",
        "null",
        "text",
    ],
)
def test_anybody_else_may_not_review(change: dict[str, Any]) -> None:
    assert account_refusal(MEMBER | change, TEAM, reviewing=True) is not None


@pytest.mark.parametrize("missing", sorted(set(MEMBER) - {"id"}))
def test_a_missing_fact_refuses(missing: str) -> None:
    account = {key: value for key, value in MEMBER.items() if key != missing}
    assert account_refusal(account, TEAM, reviewing=True) is not None


def test_a_guest_may_ask_but_not_review() -> None:
    assert account_refusal(MEMBER | {"is_restricted": True}, TEAM, reviewing=False) is None
    assert account_refusal(MEMBER | {"deleted": True}, TEAM, reviewing=False) is not None


@pytest.mark.parametrize("body", [CLICK, COMMAND, EVENT, CLICK | {"view": {"app_installed_team_id": TEAM}}])
def test_our_own_payloads_pass(body: dict[str, Any]) -> None:
    assert payload_refusal(body, TEAM) is None
    assert user_id(body) == "U1"


@pytest.mark.parametrize(
    "body",
    [
        CLICK | {"user": {"id": "U1", "team_id": "T0ELSEWHERE"}},
        CLICK | {"team": {"id": "T0ELSEWHERE"}},
        CLICK | {"channel": {"id": "C1", "team_id": "T0ELSEWHERE"}},
        CLICK | {"channel": {"id": "C1", "context_team_id": "T0ELSEWHERE"}},
        CLICK | {"view": {"app_installed_team_id": "T0ELSEWHERE"}},
        COMMAND | {"team_id": "T0ELSEWHERE"},
        EVENT | {"team_id": "T0ELSEWHERE"},
    ],
    ids=["user", "team", "channel", "context", "installation", "command", "event"],
)
def test_a_foreign_team_anywhere_refuses(body: dict[str, Any]) -> None:
    assert payload_refusal(body, TEAM) == FOREIGN


@pytest.mark.parametrize(
    "body",
    [
        CLICK | {"user": {"id": "U1"}},
        CLICK | {"team": None},
        {key: value for key, value in CLICK.items() if key != "team"},
        {"user_id": "U1"},
        {"event": {"user": "U1"}},
        {},
    ],
)
def test_a_payload_without_a_team_refuses(body: dict[str, Any]) -> None:
    assert payload_refusal(body, TEAM) is not None


def test_events_name_their_user_in_two_ways() -> None:
    assert user_id({"event": {"type": "user_change", "user": {"id": "U2"}}}) == "U2"
    assert user_id({"event": {}}) == ""
