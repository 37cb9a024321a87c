"""Escaping, cutting and Slack's tokens."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks.text import clip, code, escape, escape_clipped, length, mention, mentions, moment, plural, size
from bot.facts.facts import Who


@given(st.text(max_size=200), st.integers(min_value=1, max_value=60))
def test_a_clip_never_exceeds_its_limit(text: str, limit: int) -> None:
    clipped = clip(text, limit)
    assert length(clipped) <= limit
    assert clipped == text or clipped.endswith("…")


@given(st.text(alphabet="ab<>&;", max_size=100), st.integers(min_value=8, max_value=60))
def test_no_entity_is_cut_in_two(text: str, limit: int) -> None:
    sent = escape_clipped(text, limit)
    assert length(sent) <= limit
    shown = sent.removesuffix("…").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert text.startswith(shown)


def test_an_emoji_counts_as_slack_counts_it() -> None:
    assert length("🔥") == 2
    assert clip("🔥🔥🔥", 5) == "🔥🔥…"


@pytest.mark.parametrize(
    ("who", "shown"),
    [
        (Who("bob", "U0BOB"), "<@U0BOB>"),
        (Who("bob"), "`bob`"),
        (Who("bob", "U0BOB> <!channel"), "`bob`"),
        (Who("`<!here>`"), "`'&lt;!here&gt;'`"),
    ],
)
def test_a_mention_is_a_token_only_for_a_real_id(who: Who, shown: str) -> None:
    assert mention(who) == shown


def test_a_crowd_is_not_paged() -> None:
    assert mentions([Who("a", "U01"), Who("b", "U02"), Who("c", "U03")], limit=2) == "<@U01>, <@U02>, 1 more"
    assert mentions([]) == ""


def test_tokens_and_numbers() -> None:
    when = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
    assert moment(when) == "<!date^1772600760^{date_short_pretty}, {time}|2026-03-04 05:06 UTC>"
    assert escape("<!channel> & co") == "&lt;!channel&gt; &amp; co"
    assert code("a`b\nc") == "`a'b c`"
    assert [plural(1, "row"), plural(1200, "row"), plural(2, "address")] == ["1 row", "1,200 rows", "2 addresses"]
    assert [size(0), size(999), size(1000), size(50_000_000)] == ["0 B", "999 B", "1.0 kB", "50.0 MB"]
