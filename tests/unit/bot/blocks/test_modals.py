"""The small modals: a reason for a denial, the token, a notice."""

from uuid import UUID

import pytest

from bot.blocks.decision import Target
from bot.blocks.modals import render_deny_form, render_token, render_waiting
from bot.blocks.request_form import render_notice
from storage.model import PostSubject, RequestState
from support.bot.facts import request_facts
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
    text = read_view(render_token(request_facts(RequestState.APPROVED), token))
    assert token in text
    assert "psql" in text
    with pytest.raises(ValueError, match="grant"):
        render_token(request_facts(), token)


def test_small_views_are_valid() -> None:
    assert "One moment" in read_view(render_waiting("Your token"))
    assert read_view(render_notice("Ask for access", "Sent."))
