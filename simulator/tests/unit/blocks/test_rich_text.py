"""Rich text: the pieces that there are, and what may hold which."""

from typing import Any

import pytest

from slack_simulator.blocks.rich_text import PIECES, rich_text


def rich(*elements: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(elements), **fields}


def line(*pieces: Any) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(pieces)}


def listed(*lines: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "rich_text_list", "style": "bullet", "elements": list(lines), **fields}


def problems(value: Any) -> list[str]:
    return [f"{one.message} [{one.pointer or '/'}]" for one in rich_text(value, "")]


PIECE: dict[str, dict[str, Any]] = {
    "text": {"text": "x"},
    "link": {"url": "https://example.com", "text": "x", "unsafe": True},
    "user": {"user_id": "U1"},
    "usergroup": {"usergroup_id": "S1"},
    "channel": {"channel_id": "C1"},
    "team": {"team_id": "T1"},
    "emoji": {"name": "wave", "unicode": "1f44b", "skin_tone": 6},
    "broadcast": {"range": "here"},
    "color": {"value": "#C0FFEE"},
    "date": {"timestamp": 1_720_710_212, "format": "{date_num}", "fallback": "x"},
}


@pytest.mark.parametrize("kind", PIECE)
@pytest.mark.parametrize("holder", ["rich_text_section", "rich_text_quote", "rich_text_preformatted"])
def test_every_piece_may_stand_anywhere_and_have_a_style(kind: str, holder: str) -> None:
    piece = {"type": kind, **PIECE[kind], "style": {"bold": True, "code": False}}
    assert problems(rich({"type": holder, "elements": [piece]})) == []


@pytest.mark.parametrize("kind", PIECE)
def test_a_piece_without_what_it_shows_is_refused(kind: str) -> None:
    (problem, *_) = problems(rich(line({"type": kind})))
    assert problem == f"missing required field: {next(iter(PIECE[kind]))} [/elements/0/elements/0]"


@pytest.mark.parametrize(
    "value",
    [
        rich(),
        rich(line()),
        rich(listed(line(), line({"type": "text", "text": "x"}), indent=8, offset=0, border=1)),
        rich(line(), block_id="x" * 255),
        rich({"type": "rich_text_preformatted", "elements": [], "language": "sql", "border": 0}),
        rich(*[line()] * PIECES),
    ],
    ids=["nothing", "empty line", "list", "id", "language", "many"],
)
def test_what_is_taken(value: Any) -> None:
    assert problems(value) == []


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (
            rich(line({"type": "text", "text": "x", "style": {"blink": True}})),
            "invalid additional property: blink [/elements/0/elements/0/style]",
        ),
        (
            rich(line({"type": "text", "text": "x", "style": {"bold": 1}})),
            "must be a boolean [/elements/0/elements/0/style/bold]",
        ),
        (
            rich(listed({"type": "rich_text_list"})),
            "unsupported type: rich_text_list [/elements/0/elements/0/type]",
        ),
        (rich(listed({"type": "text", "text": "x"})), "unsupported type: text [/elements/0/elements/0/type]"),
        (rich(listed()), "must provide at least 1 items [/elements/0/elements]"),
        (rich(listed(line(), style="dashed")), "must be a valid enum value [/elements/0/style]"),
        (rich(listed(line(), indent=9)), "must be less than 8 [/elements/0/indent]"),
        (
            rich(line({"type": "broadcast", "range": "all"})),
            "must be a valid enum value [/elements/0/elements/0/range]",
        ),
        (
            rich(line({"type": "color", "value": "#C0FFE"})),
            "must be a colour in the form #rrggbb [/elements/0/elements/0/value]",
        ),
        (rich(line({"type": "text", "text": ""})), "must be more than 0 characters [/elements/0/elements/0/text]"),
        (rich({"type": "text", "text": "x"}), "unsupported type: text [/elements/0/type]"),
        (rich(rich()), "unsupported type: rich_text [/elements/0/type]"),
        (rich(line(), block_id="x" * 256), "must be less than 256 characters [/block_id]"),
        (rich(*[line()] * (PIECES + 1)), f"no more than {PIECES} items allowed [/elements]"),
        ({"type": "rich_text"}, "missing required field: elements [/]"),
        ("words", "must provide an object [/]"),
    ],
)
def test_what_is_refused(value: Any, problem: str) -> None:
    assert problems(value) == [problem]


def test_pointers_begin_where_the_block_stands() -> None:
    (problem,) = rich_text(rich(1), "/blocks/3")
    assert problem.pointer == "/blocks/3/elements/0"
