"""A view as an app sends it: a modal or an App Home (docs.slack.dev/reference/views)."""

from collections.abc import Iterator, Mapping

from slack_simulator.base.json_types import JsonObject, objects_in
from slack_simulator.base.schema import Check, Problem, anything, boolean, shape, string
from slack_simulator.blocks.objects import plain_text
from slack_simulator.blocks.state import elements_of
from slack_simulator.blocks.validate import blocks_problems

BLOCKS = 100
TITLE = 24
BUTTON = 24
PRIVATE_METADATA = 3000
CALLBACK_ID = 255
EXTERNAL_ID = 255

_SHARED: Mapping[str, Check] = {
    "private_metadata": string(PRIVATE_METADATA, 0),
    "callback_id": string(CALLBACK_ID, 0),
    "external_id": string(EXTERNAL_ID, 0),
}
_modal = shape(
    {"type": anything, "title": plain_text(TITLE), "blocks": anything},
    {
        **_SHARED,
        "close": plain_text(BUTTON),
        "submit": plain_text(BUTTON),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
    },
)
_home = shape({"type": anything, "blocks": anything}, _SHARED)


def view_problems(view: JsonObject, expected_type: str) -> list[Problem]:
    """Everything wrong with a view; an empty list means that Slack would take it."""
    kind = view.get("type")
    if kind not in ("modal", "home"):
        return [Problem(f"unsupported type: {kind}", "/view/type")]
    if kind != expected_type:
        return [Problem(f"must be a valid enum value: {expected_type}", "/view/type")]
    problems = list((_modal if kind == "modal" else _home)(view, "/view"))
    if "blocks" in view:
        problems += blocks_problems(view["blocks"], "modal" if kind == "modal" else "home", BLOCKS, "/view/blocks")
    if problems and not any(one.message.startswith("missing required field") for one in problems):
        problems.insert(0, Problem("failed to match all allowed schemas", "/view"))
    return problems or list(_whole_view(view))


def _whole_view(view: JsonObject) -> Iterator[Problem]:
    blocks = objects_in(view["blocks"])
    if view["type"] == "modal" and "submit" not in view:
        for number, one in enumerate(blocks):
            if one["type"] == "input":
                pointer = f"/view/blocks/{number}/input"
                yield Problem("must define `submit` to use an `input` block in modals", pointer)
    focused = [
        number for number, block in enumerate(blocks) for one in elements_of(block) if one.get("focus_on_load") is True
    ]
    if len(focused) > 1:
        yield Problem("only one element may have focus_on_load", f"/view/blocks/{focused[1]}")
