"""What Slack's client says of an input before the app hears of it: left blank, too short, no number, no address.

Slack's own words are known for a blank field only; the others are ours.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from slack_simulator.base.json_types import JsonObject, as_list
from slack_simulator.blocks.state import is_empty

#: docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element: the most that anybody may type.
LONGEST_TEXT = 3000
_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>.]+(\.[^\s@<>.]+)+")
_URL = re.compile(r"https?://[^\s<>/]+\S*", re.IGNORECASE)


def problem_of(block: JsonObject, element: JsonObject, state: JsonObject) -> str | None:
    """The first thing that is wrong with what an input block holds; None if it can be submitted."""
    if is_empty(state):
        return None if block.get("optional") else "Please complete this required field."
    return next(_problems(element, state), None)


def _problems(element: JsonObject, state: JsonObject) -> Iterator[str]:
    text = state.get("value")
    if not isinstance(text, str):
        yield from _choice_problems(element, state)
        return
    if len(text) < int(element.get("min_length") or 0):
        yield f"Please enter at least {element['min_length']} characters."
    if len(text) > int(element.get("max_length") or LONGEST_TEXT):
        yield f"Please enter at most {element.get('max_length') or LONGEST_TEXT} characters."
    if element["type"] == "number_input":
        yield from _number_problems(element, text)
    elif element["type"] == "email_text_input" and _ADDRESS.fullmatch(text) is None:
        yield "Please enter an e-mail address, such as name@example.com."
    elif element["type"] == "url_text_input" and _URL.fullmatch(text) is None:
        yield "Please enter an address that begins with http:// or https://."


def _number_problems(element: JsonObject, text: str) -> Iterator[str]:
    if _NUMBER.fullmatch(text) is None:
        yield "Please enter a number."
        return
    if "." in text and not element.get("is_decimal_allowed"):
        yield "Please enter a whole number."
    lowest, highest = element.get("min_value"), element.get("max_value")
    if lowest is not None and Decimal(text) < Decimal(lowest):
        yield f"Please enter a number that is at least {lowest}."
    if highest is not None and Decimal(text) > Decimal(highest):
        yield f"Please enter a number that is at most {highest}."


def _choice_problems(element: JsonObject, state: JsonObject) -> Iterator[str]:
    key = next((name for name in state if name.startswith(("selected", "files"))), "")
    chosen, most = as_list(state.get(key)) or [], element.get("max_selected_items") or element.get("max_files")
    if most is not None and len(chosen) > most:
        yield f"Please choose at most {most}."
