"""What a message says: `text`, `blocks`, `attachments` or `markdown_text`, checked and completed.

The same for chat.postMessage and its kin, for posts to a response_url, and for the message in a command's ack.
"""

from dataclasses import dataclass
from typing import Any

from slack_simulator.base.json_types import JsonObject, NotJson, as_list, objects_in, read_json
from slack_simulator.blocks.attachments import attachment_problems
from slack_simulator.blocks.normal import normalised
from slack_simulator.blocks.validate import MARKDOWN_TEXT, Problem, blocks_problems, tables_in, text_length
from slack_simulator.webapi.errors import SlackError

#: docs.slack.dev/reference/methods/chat.postMessage: longer texts are cut off, with the warning message_truncated.
MESSAGE_TEXT_LIMIT = 40_000
#: docs.slack.dev/reference/methods/chat.update: msg_too_long beyond.
UPDATED_TEXT_LIMIT = 4000
#: Undocumented; measured by app authors at about 13,200 characters over all blocks (slackapi/bolt-js issue 2509).
ALL_BLOCKS_TEXT_LIMIT = 13_000
MESSAGE_BLOCKS_LIMIT = 50
ATTACHMENTS_LIMIT = 100


@dataclass(frozen=True)
class MessageContent:
    """What a message says; None for what was not said at all."""

    text: str | None = None
    blocks: list[JsonObject] | None = None
    attachments: list[JsonObject] | None = None
    #: Slack's words beside the answer, such as message_truncated.
    warnings: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nobody would see anything of it."""
        return not (self.text or self.blocks or self.attachments)


def content_of(arguments: JsonObject) -> MessageContent:
    """What the arguments say, which may be nothing. Raises SlackError: markdown_text_conflict, and what is wrong."""
    markdown = string_of(arguments, "markdown_text")
    if not markdown:
        text = string_of(arguments, "text")
        is_long = text is not None and len(text) > MESSAGE_TEXT_LIMIT
        cut, warnings = (text[:MESSAGE_TEXT_LIMIT], ("message_truncated",)) if text and is_long else (text, ())
        return MessageContent(cut, _blocks(arguments), _attachments(arguments), warnings)
    if arguments.get("text") or arguments.get("blocks"):
        raise SlackError("markdown_text_conflict")
    if len(markdown) > MARKDOWN_TEXT:
        raise SlackError("msg_too_long")
    blocks = checked_blocks([{"type": "markdown", "text": markdown}])
    return MessageContent(markdown, blocks, _attachments(arguments))


def new_content_of(arguments: JsonObject) -> MessageContent:
    """The content of a new message. Raises SlackError: no_text, and whatever is wrong with it."""
    content = content_of(arguments)
    if content.is_empty:
        raise SlackError("no_text")
    return content


def string_of(arguments: JsonObject, name: str) -> str | None:
    """A string argument, numbers too; None if absent. Raises SlackError invalid_arguments."""
    value = arguments.get(name)
    if isinstance(value, (dict, list)):
        raise SlackError("invalid_arguments", [f"[ERROR] must be a string [json-pointer:/{name}]"])
    return None if value is None else str(value)


def structure_of(arguments: JsonObject, name: str, error: str) -> Any:
    """A JSON argument, sent as JSON or as a string of JSON; None if absent. Raises SlackError with `error`."""
    value = arguments.get(name)
    if not isinstance(value, str):
        return value
    if not value:
        return None
    try:
        return read_json(value)
    except NotJson as problem:
        raise SlackError(error) from problem


def checked_blocks(given: Any) -> list[JsonObject]:
    """Message blocks, completed.

    Raises SlackError: invalid_blocks_format, invalid_blocks, msg_blocks_too_long.
    """
    blocks = as_list(given)
    if blocks is None:
        raise SlackError("invalid_blocks_format")
    problems = blocks_problems(blocks, surface="message", limit=MESSAGE_BLOCKS_LIMIT)
    if problems:
        errors = [str(problem) for problem in problems]
        raise SlackError("invalid_blocks", prefixed(problems), errors=errors)
    if tables_in(blocks) > 1:
        raise SlackError("invalid_blocks", ["[ERROR] only_one_table_allowed"], errors=["only_one_table_allowed"])
    if text_length(blocks) > ALL_BLOCKS_TEXT_LIMIT:
        raise SlackError("msg_blocks_too_long")
    return normalised(blocks)


def prefixed(problems: list[Problem]) -> list[str]:
    """Problems as `response_metadata.messages` has them."""
    return [f"[ERROR] {problem}" for problem in problems]


def _blocks(arguments: JsonObject) -> list[JsonObject] | None:
    given = structure_of(arguments, "blocks", "invalid_blocks_format")
    return None if given is None else checked_blocks(given)


def _attachments(arguments: JsonObject) -> list[JsonObject] | None:
    given = structure_of(arguments, "attachments", "invalid_attachments")
    if given is None:
        return None
    attachments = as_list(given)
    if attachments is None:
        raise SlackError("invalid_attachments")
    if len(attachments) > ATTACHMENTS_LIMIT:
        raise SlackError("too_many_attachments")
    problems = attachment_problems(attachments)
    if problems:
        raise SlackError("invalid_attachments", prefixed(problems))
    return [_completed(one, number) for number, one in enumerate(objects_in(attachments), start=1)]


def _completed(attachment: JsonObject, number: int) -> JsonObject:
    """The attachment as Slack gives it back. Raises SlackError invalid_attachments for blocks that are wrong."""
    present = {name: one for name, one in attachment.items() if one is not None}
    present = {"id": number, "fallback": present.get("text") or "[no preview available]"} | present
    if "blocks" not in present:
        return present
    try:
        return present | {"blocks": checked_blocks(present["blocks"])}
    except SlackError as refused:
        raise SlackError("invalid_attachments", refused.messages or [f"[ERROR] {refused.code}"]) from refused
