"""The blocks that our messages are made of, and the message itself with the text that screen readers read.

Slack's sizes are in docs.slack.dev/reference/block-kit; slack_sdk's models check most of them when a block is turned
into JSON, and `Message` checks what they do not: the count of blocks and the sum of the characters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    MarkdownTextObject,
    PlainTextObject,
    RichTextBlock,
    RichTextElementParts,
    RichTextPreformattedElement,
    RichTextQuoteElement,
    RichTextSectionElement,
    SectionBlock,
)

from access.visible import MAX_SHOWN_CHARS, visible, visible_line
from bot.blocks.action_ids import Action, Row
from bot.blocks.text import clip, length

MESSAGE_BLOCK_LIMIT = 50
SECTION_TEXT_LIMIT = 3000
FIELD_TEXT_LIMIT = 2000
FIELD_LIMIT = 10
#: Of the top-level text; Slack takes 40,000 but asks for 4,000.
FALLBACK_TEXT_LIMIT = 4000
#: Of everything that stands beside a statement on its card.
BESIDE_LIMIT = 3_000
#: Of all texts in all blocks of a message: Slack answers msg_blocks_too_long somewhere above 13,000.
ALL_TEXT_LIMIT = MAX_SHOWN_CHARS + BESIDE_LIMIT
#: What a person typed, at most this much of it in one block: four such blocks stay below the 13,000 characters
#: over all blocks at which Slack answers msg_blocks_too_long.
TYPED_LIMIT = 2500

_Text = RichTextElementParts.Text
_Style = RichTextElementParts.TextStyle


@dataclass(frozen=True)
class Message:
    """One message: `text` is mrkdwn for notifications and screen readers, `blocks` what is seen."""

    text: str
    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        if not self.text or len(self.blocks) > MESSAGE_BLOCK_LIMIT:
            raise ValueError(
                f"A message needs a text and at most {MESSAGE_BLOCK_LIMIT} blocks, not {len(self.blocks)}."
            )

    def blocks_json(self) -> list[dict[str, Any]]:
        """Raises slack_sdk's SlackObjectFormationError where a block exceeds Slack's sizes."""
        return [block.to_dict() for block in self.blocks]


def said(text: str) -> Message:
    """One paragraph of our own words."""
    return Message(text=text, blocks=(section(text),))


def mrkdwn(text: str) -> MarkdownTextObject:
    """Our own words; verbatim, so that Slack makes no links or mentions of its own out of them."""
    return MarkdownTextObject(text=text, verbatim=True)


def plain(text: str) -> PlainTextObject:
    """Shown as it stands; emoji off, so that `:skull:` stays what was typed."""
    return PlainTextObject(text=text, emoji=False)


def section(text: str) -> SectionBlock:
    """A paragraph of our own words."""
    return SectionBlock(text=mrkdwn(text))


def fields(pairs: Iterable[tuple[str, str]]) -> SectionBlock:
    """Two columns of label and value, our own words both."""
    return SectionBlock(fields=[mrkdwn(f"*{label}*\n{value}") for label, value in list(pairs)[:FIELD_LIMIT]])


def context(*texts: str) -> ContextBlock:
    """Small grey print."""
    return ContextBlock(elements=[mrkdwn(text) for text in texts])


def quote(label: str, typed: str, *, limit: int = TYPED_LIMIT) -> RichTextBlock:
    """A bold label, and below it what somebody typed, as a quotation in which nothing is markup."""
    return RichTextBlock(
        elements=[
            RichTextSectionElement(elements=[_Text(text=label, style=_Style(bold=True))]),
            RichTextQuoteElement(elements=[_Text(text=clip(visible(typed), limit))]),
        ]
    )


def preformatted(typed: str, *, limit: int = TYPED_LIMIT) -> RichTextBlock:
    """A statement or a command, to be read and copied exactly; backticks in it end nothing."""
    return _preformatted(clip(visible(typed), limit))


def whole(typed: str, *, part: int = TYPED_LIMIT) -> list[Block]:
    """The same however long it is, over several blocks of at most `part` characters, each with its number.

    The parts are cut at ends of lines where there are any, and lose nothing: joined they are `visible(typed)`.
    """
    parts = parts_of(visible(typed), part)
    if len(parts) == 1:
        return [_preformatted(parts[0])]
    numbered = [(context(f"part {number} of {len(parts)}"), _preformatted(one)) for number, one in enumerate(parts, 1)]
    return [block for pair in numbered for block in pair]


def parts_of(text: str, limit: int) -> list[str]:
    """A text in pieces of at most `limit` UTF-16 units; at least one."""
    parts: list[str] = []
    while length(text) > limit:
        head = text.encode("utf-16-le", "surrogatepass")[: 2 * limit].decode("utf-16-le", "ignore")
        at = head.rfind("\n") + 1
        # A short piece for the sake of a line end would make many of them.
        at = at if at > len(head) // 2 else len(head)
        parts.append(text[:at])
        text = text[at:]
    return [*parts, text]


def text_length(blocks: Iterable[Block]) -> int:
    """Characters in all texts of these blocks, however deep: what Slack answers msg_blocks_too_long about."""
    return sum(_texts(block.to_dict()) for block in blocks)


def _texts(value: Any) -> int:
    match value:
        case dict():
            own = value.get("text")
            return (length(own) if isinstance(own, str) else 0) + sum(map(_texts, value.values()))
        case list():
            return sum(map(_texts, value))
        case _:
            return 0


def _preformatted(text: str) -> RichTextBlock:
    return RichTextBlock(elements=[_code(text)])


def _code(text: str) -> RichTextPreformattedElement:
    return RichTextPreformattedElement(elements=[_Text(text=text)])


def labelled(label: str, typed: str, *, limit: int = 200) -> RichTextBlock:
    """A bold label and a short typed value on one line."""
    return RichTextBlock(elements=[_label_and_value(label, typed, limit)])


def _label_and_value(label: str, typed: str, limit: int) -> RichTextSectionElement:
    bold, value = _Text(text=f"{label} ", style=_Style(bold=True)), _Text(text=clip(visible_line(typed), limit))
    return RichTextSectionElement(elements=[bold, value])


def linked(label: str, typed: str, url: str | None, *, limit: int = 200) -> RichTextBlock:
    """The same, and the value leads to `url` where there is one, whose address is ours."""
    if url is None:
        return labelled(label, typed, limit=limit)
    bold = _Text(text=f"{label} ", style=_Style(bold=True))
    link = RichTextElementParts.Link(url=url, text=clip(visible_line(typed), limit))
    return RichTextBlock(elements=[RichTextSectionElement(elements=[bold, link])])


def labelled_code(label: str, typed: str, text: str, *, limit: int, shown: int) -> RichTextBlock:
    """A labelled value above something preformatted, in one block: of blocks there may be few."""
    return RichTextBlock(elements=[_label_and_value(label, typed, limit), _code(clip(visible(text), shown))])


def button(
    label: str, action: Action, value: str, *, style: str | None = None, confirm: ConfirmObject | None = None
) -> ButtonElement:
    """A button; its label says what it does, its style only underlines it."""
    return ButtonElement(text=label, action_id=action, value=value, style=style, confirm=confirm)


def link_button(label: str, action: Action, url: str) -> ButtonElement:
    """A button that opens an address of ours in the browser; Slack tells of the click all the same."""
    return ButtonElement(text=label, action_id=action, url=url, style="primary")


def actions(row: Row, buttons: Sequence[ButtonElement], *, about: str = "") -> ActionsBlock:
    """A row of buttons; `about` tells rows of one kind apart where a message or a view may have several."""
    return ActionsBlock(block_id=f"{row}:{about}" if about else row.value, elements=list(buttons))
