"""What a stateful element holds: its initial state, the state a chosen value gives, and whether it is empty.

The shapes are those of `view.state.values` (docs.slack.dev/reference/views). Buttons, overflow menus and the like hold
nothing and appear in no state.
"""

from collections.abc import Iterator
from typing import Any

from simulator.json_types import JsonObject, as_object, objects_in

TEXT_INPUTS = ("plain_text_input", "email_text_input", "url_text_input", "number_input")
OPTION_PICKERS = ("static_select", "external_select", "radio_buttons")
MULTI_OPTION_PICKERS = ("multi_static_select", "multi_external_select", "checkboxes")

#: element type -> (key in the state, field of the element that presets it)
HELD: dict[str, tuple[str, str]] = {
    **dict.fromkeys(TEXT_INPUTS, ("value", "initial_value")),
    **dict.fromkeys(OPTION_PICKERS, ("selected_option", "initial_option")),
    **dict.fromkeys(MULTI_OPTION_PICKERS, ("selected_options", "initial_options")),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "file_input": ("files", "initial_files"),
}


class UnknownChoice(ValueError):
    """The value is not one of the element's options; the message names it."""


def elements_of(block: JsonObject) -> Iterator[JsonObject]:
    """The interactive elements of a block, in reading order."""
    match block.get("type"):
        case "actions" | "context_actions":
            yield from objects_in(block.get("elements"))
        case "section":
            accessory = as_object(block.get("accessory"))
            if accessory is not None and accessory.get("type") != "image":
                yield accessory
        case "input":
            element = as_object(block.get("element"))
            if element is not None:
                yield element
        case _:
            return


def held_key(element_type: str) -> str | None:
    """The key under which an element of this type keeps its value; None if it keeps nothing."""
    held = HELD.get(element_type)
    return None if held is None else held[0]


def initial_values(blocks: list[JsonObject]) -> dict[str, dict[str, dict[str, Any]]]:
    """block_id -> action_id -> state, for every stateful element, as the app preset them."""
    values: dict[str, dict[str, dict[str, Any]]] = {}
    for block in blocks:
        for element in elements_of(block):
            state = initial_state(element)
            if state is not None:
                values.setdefault(block["block_id"], {})[element["action_id"]] = state
    return values


def initial_state(element: JsonObject) -> dict[str, Any] | None:
    """The state before anybody touches the element; None for an element that holds nothing."""
    held = HELD.get(str(element.get("type")))
    if held is None:
        return None
    key, preset = held
    nothing: Any = [] if key.endswith("s") else None
    return {"type": element["type"], key: element.get(preset, nothing)}


def state_of(element: JsonObject, value: Any) -> dict[str, Any]:
    """The state after a person chose `value`.

    value is a text, an option's value, an id, a list of these, None for nothing, or a whole state object. Raises
    UnknownChoice if it names no option of the element.
    """
    kind = str(element["type"])
    key = HELD[kind][0]
    given = as_object(value)
    if given is not None and key in given:
        value = given[key]
    if kind in OPTION_PICKERS:
        value = None if value is None or value == "" else option_of(element, value)
    elif kind in MULTI_OPTION_PICKERS:
        value = [option_of(element, one) for one in _several(value)]
    elif key.endswith("s"):
        value = _several(value)
    elif kind in TEXT_INPUTS:
        value = None if value is None or value == "" else str(value)
    elif value == "":
        value = None
    return {"type": kind, key: value}


def option_of(element: JsonObject, chosen: Any) -> JsonObject:
    """The element's option with this value or visible text; an external select takes any option object."""
    wanted: Any = chosen
    option = as_object(chosen)
    if option is not None:
        if str(element["type"]).endswith("external_select"):
            return {"text": option.get("text"), "value": option.get("value")}
        wanted = option.get("value")
    offered = list(options_of(element))
    for found in offered:
        if found.get("value") == wanted:
            return found
    for found in offered:
        if (as_object(found.get("text")) or {}).get("text") == wanted:
            return found
    values = ", ".join(repr(found.get("value")) for found in offered) or "none"
    raise UnknownChoice(f"no option has the value {wanted!r}; the options are {values}")


def options_of(element: JsonObject) -> Iterator[JsonObject]:
    """All options the element offers, those inside groups too."""
    yield from objects_in(element.get("options"))
    for group in objects_in(element.get("option_groups")):
        yield from objects_in(group.get("options"))


def is_empty(state: JsonObject) -> bool:
    """Whether a person left the element blank."""
    key = HELD[str(state["type"])][0]
    return state.get(key) in (None, "", [])


def _several(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]
