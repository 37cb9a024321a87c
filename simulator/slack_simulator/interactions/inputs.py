"""The elements in front of a person: finding the one they mean, filling it in, and what the client itself refuses.

Pure: works on the blocks of messages and views, and sends nothing.
"""

from typing import Any

from slack_simulator.base.json_types import JsonObject, as_object
from slack_simulator.blocks.filled import problem_of
from slack_simulator.blocks.state import HELD, UnfitValue, elements_of, state_of
from slack_simulator.workspace.views import View


class Impossible(Exception):
    """The person cannot do that: there is nothing of the kind in front of them. The message says what is missing."""


def fill(view: View, values: JsonObject) -> dict[str, str]:
    """Put values into a view's inputs; returns what cannot be chosen, by block_id.

    values is {block_id: {action_id: value}}, {block_id: value} or {action_id: value}. Raises Impossible for ids
    that the view does not have.
    """
    errors: dict[str, str] = {}
    for key, given in values.items():
        for block, element, value in inputs_named(view.blocks, key, given):
            try:
                view.values.setdefault(block["block_id"], {})[element["action_id"]] = state_of(element, value)
            except UnfitValue as unknown:
                errors[block["block_id"]] = str(unknown)
    return errors


def find(blocks: list[JsonObject], action_id: str, value: Any, block_id: str | None) -> tuple[JsonObject, JsonObject]:
    """The element with this action_id; of several, the button whose value is the given one."""
    found = [
        (block, element)
        for block in blocks
        for element in elements_of(block)
        if element["action_id"] == action_id and block_id in {None, block["block_id"]}
    ]
    if not found:
        offered = sorted({str(element["action_id"]) for block in blocks for element in elements_of(block)})
        raise Impossible(f"no element has the action_id {action_id!r}; there are: {', '.join(offered) or 'none'}")
    buttons = [pair for pair in found if pair[1]["type"] == "button"]
    if value is None or not buttons:
        return found[0]
    for pair in buttons:
        if pair[1].get("value") == value:
            return pair
    raise Impossible(f"no button {action_id!r} has the value {value!r}")


def held_state(element: JsonObject, value: Any) -> dict[str, Any] | None:
    """The state that the element holds after this choice; None if it is one that holds nothing."""
    return state_of(element, value) if element["type"] in HELD else None


def dispatches(block: JsonObject) -> bool:
    """Elements of input blocks tell the app of a change only if the block asks for it."""
    return block["type"] != "input" or bool(block.get("dispatch_action"))


def inputs_named(blocks: list[JsonObject], key: str, given: Any) -> list[tuple[JsonObject, JsonObject, Any]]:
    """The blocks, elements and values that one entry of `values` means. Raises Impossible."""
    stateful = [(block, one) for block in blocks for one in elements_of(block) if one["type"] in HELD]
    in_block = [(block, one) for block, one in stateful if block["block_id"] == key]
    by_action = as_object(given)
    if in_block and by_action is not None and set(by_action) <= {one["action_id"] for _, one in in_block}:
        return [(block, one, by_action[one["action_id"]]) for block, one in in_block if one["action_id"] in by_action]
    named = in_block or [(block, one) for block, one in stateful if one["action_id"] == key]
    if not named:
        offered = ", ".join(f"{block['block_id']}/{one['action_id']}" for block, one in stateful) or "none"
        raise Impossible(f"the view has no input {key!r}; its inputs (block_id/action_id) are: {offered}")
    return [(*named[0], given)]


def input_problems(view: View) -> dict[str, str]:
    """What the client itself refuses before the app hears of it, by block_id."""
    errors: dict[str, str] = {}
    for block in view.blocks:
        element = as_object(block.get("element"))
        if block["type"] != "input" or element is None or element["type"] not in HELD:
            continue
        problem = problem_of(block, element, view.values[block["block_id"]][element["action_id"]])
        if problem is not None:
            errors[block["block_id"]] = problem
    return errors
