"""Secondary attachments: the fields that Slack shows, and their types. Their blocks are checked like a message's own.

docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments. Other fields are carried and mean nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from slack_simulator.base.json_types import as_object
from slack_simulator.base.schema import Check, Problem, anything, array, boolean, one_of, shape, string

#: Slack states hardly any limits; the total of a message is what counts.
TEXT = 8000
FOOTER = 300
FIELDS = 100


def _moment(value: Any, at: str) -> Iterator[Problem]:
    """Seconds since the epoch, as a number or as its text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        yield Problem("must be a valid number", at)


_text = string(TEXT, 0)
_FIELDS: Mapping[str, Check] = {
    **dict.fromkeys(
        (
            "author_icon",
            "author_link",
            "author_name",
            "callback_id",
            "color",
            "fallback",
            "footer_icon",
            "image_url",
            "pretext",
            "text",
            "thumb_url",
            "title",
            "title_link",
        ),
        _text,
    ),
    "footer": string(FOOTER, 0),
    "fields": array(shape({}, {"title": _text, "value": _text, "short": boolean}), FIELDS, 0),
    "mrkdwn_in": array(one_of("pretext", "text", "fields"), 3, 0),
    "ts": _moment,
    "blocks": anything,
}


def attachment_problems(attachments: list[Any]) -> list[Problem]:
    """Everything wrong with them, but for their blocks; an empty list means that Slack would take them."""
    return [one for number, each in enumerate(attachments) for one in _problems(each, f"/attachments/{number}")]


def _problems(attachment: Any, at: str) -> Iterator[Problem]:
    holder = as_object(attachment)
    if holder is None:
        yield Problem("must provide an object", at)
        return
    for name, value in holder.items():
        if name in _FIELDS and value is not None:
            yield from _FIELDS[name](value, f"{at}/{name}")
