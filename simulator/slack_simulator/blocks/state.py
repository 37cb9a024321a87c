"""What a stateful element holds: its initial state, the state a chosen value gives, and whether it is empty.

The shapes are those of `view.state.values` (docs.slack.dev/reference/views). Buttons, overflow menus and the like hold
nothing and appear in no state.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from slack_simulator.base.json_types import JsonObject, as_object, objects_in
from slack_simulator.base.schema import Check, Problem, day, moment, string, time_of_day
from slack_simulator.blocks.objects import select_option
from slack_simulator.blocks.rich_text import rich_text

TEXT_INPUTS = ("plain_text_input", "email_text_input", "url_text_input", "number_input")
OPTION_PICKERS = ("static_select", "external_select", "radio_buttons")
MULTI_OPTION_PICKERS = ("multi_static_select", "multi_external_select", "checkboxes")


def _file(value: Any, at: str) -> Iterator[Problem]:
    """A file object, of which the id is what matters."""
    if not isinstance((as_object(value) or {}).get("id"), str):
        yield Problem("must be a file object", at)


_AN_ID: tuple[Check, str] = (string(255), "an id")
#: What the elements hold that offer neither options nor texts.
_KINDS: Mapping[str, tuple[Check, str]] = {
    **dict.fromkeys(
        (
            "users_select",
            "multi_users_select",
            "conversations_select",
            "multi_conversations_select",
            "channels_select",
            "multi_channels_select",
        ),
        _AN_ID,
    ),
    "datepicker": (day, "a day as YYYY-MM-DD"),
    "timepicker": (time_of_day, "a time as HH:mm"),
    "datetimepicker": (moment, "seconds since the epoch"),
    "rich_text_input": (rich_text, "a rich_text block"),
    "file_input": (_file, "a file that was uploaded"),
}

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


class UnfitValue(ValueError):
    """Nobody could choose or type this value in the element: it has no such option, or is of another kind."""


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


#: The id of the conversation that a person looks at, if it passes an element's `filter`.
Here = Callable[[JsonObject], str | None]


def nowhere(_: JsonObject) -> None:
    """Of a person who looks at no conversation, or at one that is not known."""
    return


def initial_values(blocks: list[JsonObject], here: Here = nowhere) -> dict[str, dict[str, dict[str, Any]]]:
    """block_id -> action_id -> state, for every stateful element, as the app preset them."""
    values: dict[str, dict[str, dict[str, Any]]] = {}
    for block in blocks:
        for element in elements_of(block):
            state = initial_state(element, here)
            if state is not None:
                values.setdefault(block["block_id"], {})[element["action_id"]] = state
    return values


def initial_state(element: JsonObject, here: Here = nowhere) -> dict[str, Any] | None:
    """The state before anybody touches the element; None for an element that holds nothing.

    `default_to_current_conversation` makes Slack ignore the element's own preset.
    """
    held = HELD.get(str(element.get("type")))
    if held is None:
        return None
    key, preset = held
    is_several = key.endswith("s")
    if element.get("default_to_current_conversation"):
        current = here(element.get("filter") or {})
        return {"type": element["type"], key: ([] if current is None else [current]) if is_several else current}
    return {"type": element["type"], key: element.get(preset, [] if is_several else None)}


def state_of(element: JsonObject, value: Any) -> dict[str, Any]:
    """The state after a person chose `value`.

    value is a text, an option's value, an id, a list of these, None for nothing, or a whole state object. Raises
    UnfitValue.
    """
    kind = str(element["type"])
    key = HELD[kind][0]
    given = as_object(value)
    if given is not None and key in given:
        value = given[key]
    if key.endswith("s"):
        return {"type": kind, key: [_one(element, one) for one in _several(value)]}
    return {"type": kind, key: None if value is None or value == "" else _one(element, value)}


def _one(element: JsonObject, value: Any) -> Any:
    """What the element holds for one chosen or typed value. Raises UnfitValue."""
    kind = str(element["type"])
    if kind in OPTION_PICKERS or kind in MULTI_OPTION_PICKERS:
        return option_of(element, value)
    if kind in TEXT_INPUTS:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise UnfitValue(f"{kind} takes a text, not {value!r}")
        return str(value)
    check, described = _KINDS[kind]
    if next(check(value, ""), None) is not None:
        raise UnfitValue(f"{kind} takes {described}, not {value!r}")
    return value


def option_of(element: JsonObject, chosen: Any) -> JsonObject:
    """The element's option with this value or visible text; an external select takes any option object."""
    wanted: Any = chosen
    option = as_object(chosen)
    if option is not None:
        if str(element["type"]).endswith("external_select"):
            if next(select_option(option, ""), None) is not None:
                raise UnfitValue(f"this is no option: {option!r}")
            return {name: one for name, one in option.items() if one is not None}
        wanted = option.get("value")
    offered = list(options_of(element))
    for found in offered:
        if found.get("value") == wanted:
            return found
    for found in offered:
        if (as_object(found.get("text")) or {}).get("text") == wanted:
            return found
    values = ", ".join(repr(found.get("value")) for found in offered) or "none"
    raise UnfitValue(f"no option has the value {wanted!r}; the options are {values}")


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
