"""A held statement's card in every state."""

import pytest

from bot.blocks.action_ids import Action
from bot.blocks.statement import render_statement
from storage.model import HoldState
from support.bot.facts import statement_facts
from support.bot.rendered import HOSTILE, action_ids, assert_inert, read_message


@pytest.mark.parametrize("state", [*HoldState, None])
def test_a_statement_has_buttons_only_while_it_waits(state: HoldState | None) -> None:
    card = render_statement(statement_facts(state))
    assert action_ids(card) == ({Action.APPROVE, Action.DENY} if state is HoldState.PENDING else set())
    assert "DROP TABLE customers" in read_message(card)


@pytest.mark.parametrize("state", [*HoldState, None])
def test_a_statement_is_inert_and_fits(state: HoldState | None) -> None:
    assert_inert(render_statement(statement_facts(state, text=HOSTILE, decision_reason=HOSTILE)))
    long = read_message(render_statement(statement_facts(state, text="select 1; " * 1000, decision_reason="y" * 9000)))
    assert "…" in long


@pytest.mark.finding("M7")
def test_an_approval_that_came_to_nothing_says_so() -> None:
    card = render_statement(statement_facts(HoldState.APPROVED, void="This access was revoked by bob."))
    assert "Approved, but not run" in read_message(card)
    assert "This access was revoked by bob." in read_message(card)
    assert_inert(render_statement(statement_facts(HoldState.APPROVED, void=HOSTILE)))
