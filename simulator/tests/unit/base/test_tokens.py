"""Tokens are told by their form wherever they stand, and nothing else is taken for one."""

import base64
import json
from typing import Any

import pytest

from slack_simulator.base.changes import Changes
from slack_simulator.base.clock import Clock
from slack_simulator.base.inspector import Inspector
from slack_simulator.base.tokens import REMOVED, without_tokens


def jwt(**claims: Any) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "EdDSA", "kid": "k"}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), "c2lnbmF0dXJl-_x"])


TOKEN = jwt(sub="alice", iat=1)


@pytest.mark.finding("L10")
@pytest.mark.parametrize(
    "value",
    [
        TOKEN,
        f"PGPASSWORD={TOKEN} psql",
        json.dumps({"blocks": [{"text": TOKEN}]}),
        {"view": {"blocks": [{"text": {"text": f"`{TOKEN}`"}}]}},
        [[TOKEN]],
        {TOKEN: 1},
        TOKEN[:60],
        f"token={TOKEN[: TOKEN.index('.') + 3]}…",
    ],
)
def test_a_signed_token_is_taken_out_of_whatever_holds_it(value: Any) -> None:
    kept = json.dumps(without_tokens(value))
    assert REMOVED in kept
    assert TOKEN[:20] not in kept
    assert TOKEN.split(".")[1][:12] not in kept


@pytest.mark.finding("L10")
@pytest.mark.parametrize("token", ["xoxb-simulator-bot", "xapp-1-A0123-456-abcdef", "xoxe.xoxp-1-Mi0yLTEyMzQ1Njc4"])
def test_slacks_own_tokens_are_taken_out(token: str) -> None:
    assert without_tokens(f"Bearer {token}!") == f"Bearer {REMOVED}!"


@pytest.mark.parametrize("value", ["", "eyJ", "Hey Joe, xox and 1.2.3", "proxy-app-1", {"n": 1.5, "b": [True, None]}])
def test_anything_else_stays(value: Any) -> None:
    assert without_tokens(value) == value


@pytest.mark.finding("L10")
def test_the_inspector_keeps_no_token() -> None:
    inspector = Inspector(Clock(), Changes())
    inspector.record("api", "views.update", arguments={"view": json.dumps({"text": TOKEN})}, error=None)
    (entry,) = inspector.after(0)
    assert TOKEN not in json.dumps(entry.to_json())
    assert REMOVED in json.dumps(entry.to_json())
