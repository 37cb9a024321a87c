"""What a person reads in blocks and attachments, and that reading takes no longer than it should."""

from typing import Any

import pytest

from slack_simulator.blocks.plain import plain_attachments, plain_blocks, plain_mrkdwn


def plain(text: str = "x") -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def rich(*elements: Any) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(elements)}


def line(*pieces: Any) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(pieces)}


def video(**changes: Any) -> dict[str, Any]:
    whole = {
        "alt_text": "x",
        "title": plain(),
        "video_url": "https://v.example/1",
        "thumbnail_url": "https://v.example/p",
    }
    return {"type": "video", **whole, **changes}


def table(*rows: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "table", "rows": list(rows), **fields}


def feedback(**changes: Any) -> dict[str, Any]:
    button = {"text": plain("Good"), "value": "1"}
    return {
        "type": "context_actions",
        "elements": [{"type": "feedback_buttons", "positive_button": button, "negative_button": button | changes}],
    }


CELL = {"type": "raw_text", "text": "x"}


def test_their_words() -> None:
    """Tables by rows, buttons in brackets, videos by title and description."""
    rows = table([CELL, {"type": "raw_number", "value": 2}], [rich(line({"type": "text", "text": "y"})), CELL])
    blocks = [rows, feedback(text=plain("Bad")), video(description=plain("About"))]
    assert plain_blocks(blocks, {}) == "x | 2\ny | x\n[Good]\n[Bad]\nx\nAbout\nx"


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def section(**fields: Any) -> dict[str, Any]:
    return {"type": "section", **fields}


def button(**fields: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Go"), **fields}


def test_plain_is_what_a_person_reads() -> None:
    """Markup disappears, entities become characters, mentions become names, code stays as typed."""
    names = {"U1": "alice", "C1": "general"}
    text = (
        "*Approved by <@U1>* in <#C1> _now_ &lt;!here&gt; <!channel> <https://x.example|here> `a*b*c` ```\npsql x\n```"
    )
    assert plain_mrkdwn(text, names) == ("Approved by @alice in #general now <!here> @channel here a*b*c psql x")
    blocks = [
        {"type": "header", "text": plain("Title")},
        section(text=mrkdwn("*Body*"), accessory=button()),
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a\nb"}]}],
        },
    ]
    assert plain_blocks(blocks, names) == "Title\nBody\n[Go]\na\nb"


@pytest.mark.parametrize("unit", [" *a", "*a", "`a", "```a", "<a", "*_~", "_a _", "* ", "`a` "])
def test_no_text_takes_longer_than_its_length_asks_for(unit: str) -> None:
    """Four hundred thousand characters: with time that grows by their square this would not end today."""
    text = unit * (400_000 // len(unit))
    assert len(plain_mrkdwn(text, {})) > 0


def test_plain_of_an_attachment_without_words() -> None:
    """Its fallback, if it has one."""
    assert (
        plain_attachments([{"fallback": "a &lt;picture&gt;", "image_url": "https://x.example/"}, {}], {})
        == "a <picture>"
    )
