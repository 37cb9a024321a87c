"""The small modals: a reason for a denial, the token, a notice."""

from datetime import timedelta
from uuid import UUID

import pytest

from bot.blocks.decision import Target
from bot.blocks.modals import render_deny_form, render_token, render_waiting
from bot.blocks.request_form import render_notice
from storage.model import PostSubject, RequestState
from support.bot.facts import NOW, request_facts
from support.bot.rendered import read_view


def test_a_denial_needs_a_reason() -> None:
    target = Target(PostSubject.REQUEST, UUID(int=3), 1)
    form = render_deny_form(target, "What alice asked for")
    assert form.private_metadata == target.value()
    block = form.to_dict()["blocks"][1]
    assert not block.get("optional")
    assert block["element"]["min_length"] == 1
    assert read_view(form)


def test_the_token_is_shown_whole() -> None:
    token = "ey" + "J" * 900
    facts = request_facts(RequestState.APPROVED)
    assert facts.grant is not None
    text = read_view(render_token(facts, token, facts.grant.expires_at))
    assert token in text
    assert "psql" in text
    with pytest.raises(ValueError, match="grant"):
        render_token(request_facts(), token, NOW)


def test_a_token_that_ends_before_the_access_says_both() -> None:
    facts = request_facts(RequestState.APPROVED)
    assert facts.grant is not None
    whole = read_view(render_token(facts, "ey", facts.grant.expires_at))
    assert "It works until" in whole
    text = read_view(render_token(facts, "ey", facts.grant.expires_at - timedelta(minutes=10)))
    assert "It opens connections until" in text
    assert "what is open by then stays open until the access ends" in text


def test_small_views_are_valid() -> None:
    assert "One moment" in read_view(render_waiting("Your token"))
    assert read_view(render_notice("Ask for access", "Sent."))
