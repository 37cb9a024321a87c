"""What the requester reads in every phase: where the request stands and what to do next."""

import pytest

from bot.blocks.action_ids import Action
from bot.blocks.reply import render_reply
from bot.facts.facts import Phase
from support.bot.facts import request_facts
from support.bot.rendered import PHASES, action_ids, read_message


@pytest.mark.parametrize(
    ("phase", "words", "actions"),
    [
        (Phase.PENDING, ["You asked for", "#incidents", "@bob or carol can approve"], {Action.CANCEL}),
        (Phase.GRANTED, ["You have access", "psql", "Paste your token", "/access revoke 66666666"], {Action.GET_TOKEN}),
        (Phase.DENIED, ["Denied by @bob", "use the replica"], {Action.ASK_AGAIN}),
        (Phase.EXPIRED, ["Nobody decided in time"], {Action.ASK_AGAIN}),
        (Phase.CANCELLED, ["Cancelled"], {Action.ASK_AGAIN}),
        (Phase.REVOKED, ["revoked by @bob", "incident is over"], set()),
        (Phase.ENDED, ["Your access ended"], {Action.ASK_AGAIN}),
        (Phase.NOT_ALLOWED, ["You are not let in any more", "no longer has a rule for you"], {Action.ASK_AGAIN}),
    ],
)
def test_a_reply_says_what_to_do_next(phase: Phase, words: list[str], actions: set[str]) -> None:
    reply = render_reply(request_facts(**PHASES[phase]))
    assert [word for word in words if word not in read_message(reply)] == []
    assert action_ids(reply) == actions
