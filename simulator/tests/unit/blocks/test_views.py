"""Views as Slack takes them, and what of them it refuses."""

from typing import Any, Literal

import pytest

from slack_simulator.blocks.validate import blocks_problems
from slack_simulator.blocks.views import view_problems


def actions(kind: str, **fields: Any) -> dict[str, Any]:
    """An actions block with one element."""
    return {"type": "actions", "elements": [{"type": kind, **fields}]}


@pytest.mark.parametrize("surface", ["message", "home"])
def test_response_urls_belong_into_modals(surface: Literal["message", "home"]) -> None:
    """And there into input blocks."""
    block = actions("conversations_select", response_url_enabled=True)
    for where in (surface, "modal"):
        (problem,) = blocks_problems([block], where, 50)
        assert str(problem) == "response_url_enabled is for input blocks of modals only [json-pointer:/blocks/0]"


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def field(element: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "input", "label": plain("Field"), "element": element, **fields}


def modal(*blocks: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain("Title"), "submit": plain("Go"), "blocks": list(blocks), **fields}


VIEWS: list[tuple[str, Any, str]] = [
    ("title", modal(title=plain("x" * 25)), "must be less than 25 characters [json-pointer:/view/title/text]"),
    (
        "private_metadata",
        modal(private_metadata="x" * 3001),
        "must be less than 3001 characters [json-pointer:/view/private_metadata]",
    ),
    ("101 blocks", modal(*[{"type": "divider"}] * 101), "no more than 100 items allowed [json-pointer:/view/blocks]"),
    ("submit", modal(submit=plain("x" * 25)), "must be less than 25 characters [json-pointer:/view/submit/text]"),
    ("no title", {"type": "modal", "blocks": []}, "missing required field: title [json-pointer:/view]"),
    ("null submit", modal(submit=None), "must provide an object [json-pointer:/view/submit]"),
    ("all schemas", modal(submit=None), "failed to match all allowed schemas [json-pointer:/view]"),
    (
        "submit disabled",
        modal(submit_disabled=True),
        "invalid additional property: submit_disabled [json-pointer:/view]",
    ),
    ("unknown field", modal(footer="x"), "invalid additional property: footer [json-pointer:/view]"),
    (
        "markdown block",
        modal({"type": "markdown", "text": "x"}),
        "unsupported type: markdown [json-pointer:/view/blocks/0/type]",
    ),
    (
        "input without submit",
        {"type": "modal", "title": plain("T"), "blocks": [field({"type": "plain_text_input"})]},
        "must define `submit` to use an `input` block in modals [json-pointer:/view/blocks/0/input]",
    ),
]


@pytest.mark.parametrize(("view", "problem"), [case[1:] for case in VIEWS], ids=[case[0] for case in VIEWS])
def test_a_view_like_this_is_refused(view: Any, problem: str) -> None:
    """Pointers start at the view."""
    assert problem in [str(found) for found in view_problems(view, "modal")]
