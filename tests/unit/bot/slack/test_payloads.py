"""What a click carries is read strictly: one element, one value, one id."""

from typing import Any
from uuid import UUID

import pytest

from bot.slack.failures import Unanswerable
from bot.slack.payloads import clicked_id, clicked_value

ID = UUID(int=7)


def clicked(value: object) -> dict[str, Any]:
    return {"actions": [{"value": value}]}


def test_a_value_and_an_id() -> None:
    assert clicked_value(clicked("home")) == "home"
    assert clicked_id(clicked(ID.hex)) == ID


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"actions": []},
        {"actions": None},
        {"actions": {"value": "home"}},
        {"actions": [{"value": "home"}, {"value": "home"}]},
        {"actions": [{}]},
        clicked(None),
        clicked(7),
    ],
)
def test_anything_but_one_value_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(Unanswerable, match="not one of Gatepass's"):
        clicked_value(body)


@pytest.mark.parametrize("value", ["", "home", "request:1", ID.hex[:8], f"{ID.hex} "])
def test_a_value_that_is_no_id_is_refused(value: str) -> None:
    with pytest.raises(Unanswerable, match="not one of Gatepass's"):
        clicked_id(clicked(value))
