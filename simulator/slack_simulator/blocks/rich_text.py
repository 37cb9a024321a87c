"""rich_text blocks: sections, lists, quotes and preformatted text.

docs.slack.dev/reference/block-kit/blocks/rich-text-block.
"""

from collections.abc import Iterator
from typing import Any

from slack_simulator.base.schema import (
    Check,
    Problem,
    anything,
    array,
    boolean,
    by_type,
    integer,
    matching,
    one_of,
    shape,
    string,
)

BLOCK_ID = 255
#: Slack states no limits inside rich text and takes empty lists; these only stop the absurd, the total over all blocks
#: is what counts.
PIECES = 1000
PIECE_LENGTH = 12_000

_STYLES = ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink")
_style = shape({}, dict.fromkeys(_STYLES, boolean))
_TYPE = {"type": anything}
_STYLED = {"style": _style}

_piece = by_type(
    {
        "text": shape({**_TYPE, "text": string(PIECE_LENGTH)}, _STYLED),
        "link": shape({**_TYPE, "url": string(3000)}, {**_STYLED, "text": string(PIECE_LENGTH), "unsafe": boolean}),
        "user": shape({**_TYPE, "user_id": string(255)}, _STYLED),
        "usergroup": shape({**_TYPE, "usergroup_id": string(255)}, _STYLED),
        "channel": shape({**_TYPE, "channel_id": string(255)}, _STYLED),
        "team": shape({**_TYPE, "team_id": string(255)}, _STYLED),
        "emoji": shape({**_TYPE, "name": string(255)}, {**_STYLED, "unicode": string(255), "skin_tone": integer(1, 6)}),
        "broadcast": shape({**_TYPE, "range": one_of("here", "channel", "everyone")}, _STYLED),
        "color": shape({**_TYPE, "value": matching(r"#[0-9A-Fa-f]{6}", "a colour in the form #rrggbb")}, _STYLED),
        "date": shape(
            {**_TYPE, "timestamp": integer(0, 10**11), "format": string(255)},
            {**_STYLED, "url": string(3000), "fallback": string(255)},
        ),
    }
)
_section = shape({**_TYPE, "elements": array(_piece, PIECES, 0)})
_element = by_type(
    {
        "rich_text_section": _section,
        "rich_text_list": shape(
            {
                **_TYPE,
                "elements": array(by_type({"rich_text_section": _section}), PIECES),
                "style": one_of("bullet", "ordered"),
            },
            {"indent": integer(0, 8), "offset": integer(0, 10_000), "border": integer(0, 1)},
        ),
        "rich_text_quote": shape({**_TYPE, "elements": array(_piece, PIECES, 0)}, {"border": integer(0, 1)}),
        "rich_text_preformatted": shape(
            {**_TYPE, "elements": array(_piece, PIECES, 0)}, {"border": integer(0, 1), "language": string(64)}
        ),
    }
)
_block: Check = shape({**_TYPE, "elements": array(_element, PIECES, 0)}, {"block_id": string(BLOCK_ID)})


def rich_text(value: Any, at: str) -> Iterator[Problem]:
    """A rich_text block, or the initial value of a rich_text_input."""
    yield from _block(value, at)
