"""What the facts of a request amount to."""

from dataclasses import replace

from bot.facts.facts import Phase
from storage.model import RequestState
from support.bot.facts import request_facts


def test_granted_is_said_only_while_the_proxy_would_let_them_in() -> None:
    facts = request_facts(RequestState.APPROVED)
    assert facts.grant is not None
    assert replace(facts, now=facts.grant.expires_at).phase is Phase.ENDED
    assert replace(facts, grant=None).phase is Phase.ENDED
