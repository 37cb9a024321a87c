"""Every message in every state: what it says, and that Slack's own rules would take it at the extremes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.blocks.action_ids import Action
from bot.blocks.decision import UnreadableTarget, read_target
from bot.blocks.digest import render_digest
from bot.blocks.message import Message
from bot.blocks.reply import render_reply
from bot.blocks.request import render_card
from bot.blocks.statement import render_statement
from bot.facts.facts import Phase, RequestFacts, SessionFacts, StatementFacts, Who
from slack_simulator.blocks.plain import plain_blocks
from slack_simulator.webapi.content import checked_blocks
from storage.model import EndReason, HoldState, PostSubject, RequestState

RequestMaker = Callable[..., RequestFacts]
StatementMaker = Callable[..., StatementFacts]
SessionMaker = Callable[..., SessionFacts]

NAMES = {"U0ALICE": "alice", "U0BOB": "bob", "C0INCIDENT": "incidents"}
#: Everything that is markup somewhere in Slack.
HOSTILE = "<!channel> <@U0BOB> <https://evil.example|payments> ```fence``` *bold* :skull: &amp; \u202e"
PHASES: list[tuple[Phase, dict[str, Any]]] = [
    (Phase.PENDING, {"state": RequestState.PENDING}),
    (Phase.GRANTED, {"state": RequestState.APPROVED}),
    (Phase.DENIED, {"state": RequestState.DENIED, "decision_reason": "use the replica"}),
    (Phase.EXPIRED, {"state": RequestState.EXPIRED}),
    (Phase.CANCELLED, {"state": RequestState.CANCELLED}),
    (Phase.REVOKED, {"state": RequestState.APPROVED, "revoked": "incident is over"}),
    (Phase.ENDED, {"state": RequestState.APPROVED, "ended": True}),
]


def seen(message: Message) -> str:
    """What a person reads, from blocks that the strict validator took."""
    return plain_blocks(checked_blocks(message.blocks_json()), NAMES)


def action_ids(message: Message) -> set[str]:
    return {
        element["action_id"]
        for block in message.blocks_json()
        if block["type"] == "actions"
        for element in block["elements"]
    }


@pytest.mark.parametrize(("phase", "given"), PHASES, ids=[phase.value for phase, _ in PHASES])
def test_a_card_has_buttons_only_while_pending(
    request_facts: RequestMaker, phase: Phase, given: dict[str, Any]
) -> None:
    facts = request_facts(**given)
    card = render_card(facts)
    assert facts.phase is phase
    assert action_ids(card) == ({Action.APPROVE, Action.DENY} if phase is Phase.PENDING else set())
    assert "@alice" in seen(card)
    assert card.text


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (Phase.PENDING, ["asks for payments-db · read for 15m", "@bob, carol", "0 of 1", "fix a migration", "Expires"]),
        (Phase.GRANTED, ["Approved", "by @bob", "Access until"]),
        (Phase.DENIED, ["Denied", "by @bob", "use the replica"]),
        (Phase.EXPIRED, ["Expired", "nobody decided in time", "by the clock"]),
        (Phase.CANCELLED, ["Cancelled"]),
        (Phase.REVOKED, ["Access revoked", "Revoked by", "@bob", "incident is over"]),
        (Phase.ENDED, ["Access ended", "its time was up"]),
    ],
)
def test_a_card_says_what_became_of_it(request_facts: RequestMaker, phase: Phase, words: list[str]) -> None:
    text = seen(render_card(request_facts(**dict(PHASES)[phase])))
    assert [word for word in words if word not in text] == []


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
    ],
)
def test_a_reply_says_what_to_do_next(
    request_facts: RequestMaker, phase: Phase, words: list[str], actions: set[str]
) -> None:
    reply = render_reply(request_facts(**dict(PHASES)[phase]))
    assert [word for word in words if word not in seen(reply)] == []
    assert action_ids(reply) == actions


def test_granted_is_said_only_while_the_proxy_would_let_them_in(request_facts: RequestMaker) -> None:
    facts = request_facts(RequestState.APPROVED)
    assert facts.grant is not None
    assert replace(facts, now=facts.grant.expires_at).phase is Phase.ENDED
    assert replace(facts, grant=None).phase is Phase.ENDED


@pytest.mark.parametrize(("phase", "given"), PHASES, ids=[phase.value for phase, _ in PHASES])
@pytest.mark.parametrize("render", [render_card, render_reply])
def test_requests_stay_within_slacks_sizes(
    request_facts: RequestMaker, render: Callable[[RequestFacts], Message], phase: Phase, given: dict[str, Any]
) -> None:
    huge = "<&>" * 4000
    crowd = tuple(Who("n" * 63, f"U0{number}") for number in range(500))
    texts: dict[str, Any] = {"reason": huge, "decision_reason": huge, "ticket": huge}
    facts = request_facts(**(given | texts | ({"revoked": huge} if phase is Phase.REVOKED else {})))
    facts = replace(facts, reviewers=crowd, approvals=crowd)
    facts.request.resource, facts.request.role, facts.request.rule = "r" * 63, "o" * 63, "u" * 63
    message = render(facts)
    checked_blocks(message.blocks_json())
    assert len(message.text) < 4000


@pytest.mark.parametrize(("phase", "given"), PHASES, ids=[phase.value for phase, _ in PHASES])
def test_what_a_person_typed_is_inert(request_facts: RequestMaker, phase: Phase, given: dict[str, Any]) -> None:
    hostile: dict[str, Any] = {"reason": HOSTILE, "decision_reason": HOSTILE, "ticket": HOSTILE}
    facts = request_facts(**(given | hostile | ({"revoked": HOSTILE} if phase is Phase.REVOKED else {})))
    for message in (render_card(facts), render_reply(facts)):
        assert_inert(message, HOSTILE)


@pytest.mark.parametrize("state", [*HoldState, None])
def test_a_statement_has_buttons_only_while_it_waits(statement_facts: StatementMaker, state: HoldState | None) -> None:
    card = render_statement(statement_facts(state))
    assert action_ids(card) == ({Action.APPROVE, Action.DENY} if state is HoldState.PENDING else set())
    assert "DROP TABLE customers" in seen(card)


@pytest.mark.parametrize("state", [*HoldState, None])
def test_a_statement_is_inert_and_fits(statement_facts: StatementMaker, state: HoldState | None) -> None:
    assert_inert(render_statement(statement_facts(state, text=HOSTILE, decision_reason=HOSTILE)), HOSTILE)
    long = seen(render_statement(statement_facts(state, text="select 1; " * 1000, decision_reason="y" * 9000)))
    assert "…" in long


def test_a_digest_says_all_of_it(session_facts: SessionMaker, statement_facts: StatementMaker) -> None:
    held = (statement_facts(HoldState.APPROVED), statement_facts(None, text="COPY t TO PROGRAM ?"))
    text = seen(render_digest(session_facts(held=held)))
    words = [
        "Session of @alice on payments-db · read: closed as usual, after 12m34s",
        "Approved by",
        "@bob",
        "3 select, 1 insert (1 held, 2 denied)",
        "1,200 rows, 1.4 MB",
        "12 card numbers, 1 e-mail address",
        "ddl: approved by @bob",
        "DROP TABLE customers",
        "denied by rule dangerous-sql",
        "COPY t TO PROGRAM ?",
        "gatepass sessions replay 00000000",
        "48,213 events, root 0001020304050607",
    ]
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize("reason", list(EndReason))
def test_every_ending_has_words(session_facts: SessionMaker, reason: EndReason) -> None:
    text = seen(render_digest(session_facts(end_reason=reason, end_detail="because", head=False)))
    assert "because" in text
    assert "no checkpoint yet" in text


def test_a_digest_fits_whatever_happened(session_facts: SessionMaker, statement_facts: StatementMaker) -> None:
    held = tuple(statement_facts(None, text="<&>" * 3000) for _ in range(300))
    kinds = {f"{'<&>' * 20}{number}": number for number in range(200)}
    digest = render_digest(session_facts(held=held, statements=kinds, masked=kinds, end_detail="<&>" * 3000))
    assert "292 more held or denied statements" in seen(digest)


def test_a_digest_is_inert(session_facts: SessionMaker, statement_facts: StatementMaker) -> None:
    held = (statement_facts(HoldState.DENIED, text=HOSTILE),)
    assert_inert(render_digest(session_facts(held=held, end_detail=HOSTILE, statements={HOSTILE: 1})), HOSTILE)


def test_a_button_says_only_which_subject_and_revision(request_facts: RequestMaker) -> None:
    card = render_card(request_facts(revision=3)).blocks_json()
    row = next(block for block in card if block["type"] == "actions")
    values = {element["value"] for element in row["elements"]}
    assert values == {"request:11111111222233334444555555555555:3"}
    target = read_target(values.pop())
    assert (target.subject, target.revision) == (PostSubject.REQUEST, 3)


@pytest.mark.parametrize(
    "value", ["", "request", "session:11111111222233334444555555555555:1", "request:x:1", "a" * 2000]
)
def test_a_forged_value_is_refused(value: str) -> None:
    with pytest.raises(UnreadableTarget):
        read_target(value)


def assert_inert(message: Message, typed: str) -> None:
    """What was typed stands nowhere in mrkdwn unescaped, and the message mentions nobody because of it."""
    blocks = checked_blocks(message.blocks_json())
    for text in [message.text, *mrkdwn_texts(blocks)]:
        assert "<!channel>" not in text
        assert "<https://evil.example" not in text
        assert "```" not in text
    assert all(piece["type"] == "text" for piece in rich_pieces(blocks))
    assert typed  # the caller says what it looked for


def mrkdwn_texts(node: Any) -> list[str]:
    if isinstance(node, list):
        return [text for one in node for text in mrkdwn_texts(one)]
    if not isinstance(node, dict):
        return []
    own = [node["text"]] if node.get("type") == "mrkdwn" else []
    return own + [text for one in node.values() for text in mrkdwn_texts(one)]


def rich_pieces(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = [row for block in blocks if block["type"] == "rich_text" for row in block["elements"]]
    return [piece for row in rows for piece in row["elements"]]
