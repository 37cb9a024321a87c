"""A held statement's card in every state."""

from dataclasses import replace
from typing import Any

import pytest

from access.visible import MAX_SHOWN_CHARS
from bot.blocks.action_ids import Action
from bot.blocks.message import ALL_TEXT_LIMIT, Message, text_length
from bot.blocks.statement import render_statement
from bot.facts.facts import Who
from storage.model import HoldState
from support.bot.facts import BOB, statement_facts
from support.bot.rendered import HOSTILE, action_ids, assert_inert, read_message


def shown(card: Message) -> str:
    """What its preformatted blocks hold, joined."""
    rows = [row for block in card.blocks_json() if block["type"] == "rich_text" for row in block["elements"]]
    return "".join(row["elements"][0]["text"] for row in rows if row["type"] == "rich_text_preformatted")


def confirm(card: Message) -> dict[str, Any]:
    """The dialog of its Approve button."""
    rows = [block["elements"] for block in card.blocks_json() if block["type"] == "actions"]
    (approve,) = [button for row in rows for button in row if button["action_id"] == Action.APPROVE]
    return approve["confirm"]["text"]


@pytest.mark.parametrize("state", [*HoldState, None])
def test_a_statement_has_buttons_only_while_it_waits(state: HoldState | None) -> None:
    card = render_statement(statement_facts(state))
    assert action_ids(card) == ({Action.APPROVE, Action.DENY} if state is HoldState.PENDING else set())
    assert "DROP TABLE customers" in read_message(card)


@pytest.mark.parametrize("state", [*HoldState, None])
def test_a_statement_is_inert_and_fits(state: HoldState | None) -> None:
    hostile = dict.fromkeys(("text", "why", "estimate", "database", "search_path", "decision_reason", "void"), HOSTILE)
    card = render_statement(statement_facts(state, **hostile))
    assert_inert(card)
    assert "\u202e" not in card.text + str(card.blocks_json())
    long = {name: value * 200 for name, value in hostile.items() if name != "text"}
    assert "…" in read_message(render_statement(statement_facts(state, **long)))


@pytest.mark.finding("H2")
@pytest.mark.parametrize("state", [*HoldState, None])
@pytest.mark.parametrize("line", ["select 1,\n", "😀", "x"])
def test_the_longest_statement_is_shown_whole(line: str, state: HoldState | None) -> None:
    units = len(line.encode("utf-16-le")) // 2
    text = line * (MAX_SHOWN_CHARS // units - 4) + "TAIL"
    fields = {"why": "w" * 900, "search_path": "p" * 900, "estimate": "e" * 900, "database": "d" * 90}
    card = render_statement(statement_facts(state, text=text, **fields))
    assert shown(card) == text
    assert "TAIL" in read_message(card)
    assert (Action.APPROVE in action_ids(card)) is (state is HoldState.PENDING)


@pytest.mark.finding("H2")
@pytest.mark.parametrize("text", ["x" * 13_000 + "TAIL", "\u202e" * 5000])
def test_what_cannot_be_shown_whole_has_no_approve_button(text: str) -> None:
    card = render_statement(statement_facts(text=text))
    assert action_ids(card) == {Action.DENY}
    assert "cannot be shown whole here, so nobody can approve it" in read_message(card)


@pytest.mark.finding("H2")
def test_parts_are_numbered_by_us() -> None:
    card = render_statement(statement_facts(text="x" * 6000))
    text = read_message(card)
    assert [f"part {number} of 3" in text for number in (1, 2, 3)] == [True] * 3


@pytest.mark.finding("M8")
def test_what_would_hide_is_seen() -> None:
    card = render_statement(statement_facts(text='delete from t as "x\u202e;sremotsuc elbat pord\x1b[8m"'))
    assert shown(card) == 'delete from t as "x\\u202e;sremotsuc elbat pord\\x1b[8m"'


@pytest.mark.finding("use-8")
def test_a_card_says_why_what_it_meets_for_what_and_how_long_somebody_waits() -> None:
    card = render_statement(
        statement_facts(
            text="DELETE FROM customers",
            why="deletes every row of customers: no WHERE",
            estimate="about 1,204,331 rows",
            database="ledger",
            search_path='"$user", public',
        )
    )
    text = read_message(card)
    order = [
        "@alice waits to run this as admin on payments-db, 9 min left",
        "Held because it deletes every row of customers: no WHERE",
        "DELETE FROM customers",
        "about 1,204,331 rows",
        "ledger",
        '"$user", public',
        "INC-42",
        "stuck refund",
        "[Approve]",
    ]
    places = [text.find(words) for words in order]
    assert -1 not in places
    assert places == sorted(places)
    assert "INC-42" in card.text
    assert "no WHERE" in card.text


@pytest.mark.finding("use-8")
def test_the_dialog_asks_with_the_beginning_of_the_statement() -> None:
    text = confirm(render_statement(statement_facts(text="DELETE FROM customers\u202e" + " x" * 300)))
    assert text["type"] == "plain_text", "what is typed is no markup"
    assert text["text"].startswith("alice runs this as admin on payments-db, now:\nDELETE FROM customers\\u202e")
    assert len(text["text"]) <= 300


def test_an_approval_that_was_void_is_said() -> None:
    text = read_message(render_statement(statement_facts(HoldState.APPROVED, void="The grant was revoked.")))
    assert "Approved, but not run" in text
    assert "The grant was revoked." in text


@pytest.mark.finding("M7")
def test_an_approval_that_came_to_nothing_says_so() -> None:
    card = render_statement(statement_facts(HoldState.APPROVED, void="This access was revoked by bob."))
    assert "Approved, but not run" in read_message(card)
    assert "This access was revoked by bob." in read_message(card)
    assert_inert(render_statement(statement_facts(HoldState.APPROVED, void=HOSTILE)))


@pytest.mark.finding("M6")
def test_a_vote_that_counts_no_more_is_shown_as_that() -> None:
    text = read_message(render_statement(replace(statement_facts(), lapsed=(BOB,))))
    assert "0 of 1 (approval no longer counts: bob)" in text


@pytest.mark.finding("H2")
@pytest.mark.parametrize("filler", ["x", "&", "\U0001f525", "\u202e"])
def test_whatever_stands_beside_it_all_of_the_longest_statement_has_room(filler: str) -> None:
    """What the proxy puts to people is what they can approve: both go by MAX_SHOWN_CHARS."""
    crowd = tuple(Who(f"{number:02}" + "n" * 61) for number in range(40))
    # Lines just longer than half a part, so that there are as many parts as can be.
    text = (("x" * 1250 + "\n") * 8)[: MAX_SHOWN_CHARS - 4] + "TAIL"
    given = dict.fromkeys(("why", "estimate", "search_path"), filler * 3000)
    facts = replace(
        statement_facts(text=text, database=filler * 63, **given),
        principal=Who("p" * 63),
        resource="r" * 63,
        role="o" * 63,
        reviewers=crowd,
        approvals=crowd,
        lapsed=crowd,
        reason=filler * 3000,
        ticket=filler * 128,
        ticket_url="https://tickets.example/browse/" + "%26" * 128,
    )
    card = render_statement(facts)
    assert shown(card) == text
    assert Action.APPROVE in action_ids(card)
    assert text_length(card.blocks) <= ALL_TEXT_LIMIT
    assert len(card.blocks) <= 50
    longer_rule = replace(facts, statement=statement_facts(text=text, database=filler * 63, **given).statement)
    longer_rule.statement.rule = "r" * 63
    assert Action.APPROVE in action_ids(render_statement(longer_rule))
    over = render_statement(replace(facts, statement=statement_facts(text=text + "x").statement))
    assert action_ids(over) == {Action.DENY}


@pytest.mark.finding("use-8")
def test_the_ticket_of_the_access_leads_to_where_it_is_read() -> None:
    card = render_statement(replace(statement_facts(), ticket_url="https://tickets.example/browse/INC-42"))
    assert "'url': 'https://tickets.example/browse/INC-42'" in str(card.blocks_json())
