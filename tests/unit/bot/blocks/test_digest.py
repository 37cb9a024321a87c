"""The digest of a grant: complete, inert, calling nobody, and within Slack's sizes."""

from dataclasses import replace

import pytest

from bot.blocks.digest import render_digest
from bot.blocks.message import ALL_TEXT_LIMIT, text_length
from storage.model import EndReason, HoldState, RequestState
from support.bot.facts import digest_facts, request_facts, session, statement_facts
from support.bot.rendered import HOSTILE, assert_inert, read_message


def test_a_digest_says_all_of_it() -> None:
    held = (statement_facts(HoldState.APPROVED), statement_facts(None, text="COPY t TO PROGRAM ?"))
    text = read_message(render_digest(digest_facts(held=held)))
    words = [
        "alice on payments-db · read: 1 session. The access lasts until",
        "lasted 12m34s, closed as usual",
        "INC-42",
        "fix a migration",
        "Approved by",
        "bob",
        "3 select, 1 insert (1 held, 2 denied)",
        "1,200 rows, 1.4 MB",
        "12 card numbers, 1 e-mail address",
        "ddl: approved by bob",
        "DROP TABLE customers",
        "denied by rule dangerous-sql",
        "COPY t TO PROGRAM ?",
        "gatepass sessions replay 00000008",
        "48,213 events, root 0001020304050607",
    ]
    assert [word for word in words if word not in text] == []


def test_values_masked_by_a_rule_of_the_policy_are_counted_by_its_name() -> None:
    one = session(masked={"card-columns": 4, "pan": 1})
    assert "4 values by rule card-columns, 1 card number" in read_message(render_digest(digest_facts(sessions=(one,))))


@pytest.mark.finding("ssh-F2")
def test_thirty_sessions_are_a_sum_the_latest_and_how_to_see_the_others() -> None:
    thirty = tuple(session(number, client_address=f"10.0.0.{number}") for number in range(1, 31))
    digest = render_digest(digest_facts(sessions=thirty, active=2))
    text = read_message(digest)
    assert "30 sessions, 2 more open" in text
    assert "90 select, 30 insert (30 held, 60 denied)" in text
    assert "360 card numbers" in text
    assert "from 10.0.0.6:" in text
    assert "10.0.0.7" not in text
    assert "and 24 more: gatepass sessions list" in text
    assert len(digest.blocks) < 12


@pytest.mark.finding("use-31")
def test_a_digest_calls_nobody() -> None:
    states = (HoldState.APPROVED, HoldState.DENIED, HoldState.EXPIRED)
    digest = render_digest(digest_facts(held=tuple(statement_facts(state) for state in states)))
    assert "<@" not in digest.text + str(digest.blocks_json())


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "The access lasts until"),
        ({"revoked": "incident is over"}, "The access was revoked by bob."),
        ({"ended": True}, "The access has ended, its time was up."),
        ({"not_allowed": "no rule"}, "The policy allows the access no more."),
    ],
)
def test_a_digest_says_when_the_grant_has_ended(fields: dict[str, str], words: str) -> None:
    request = request_facts(RequestState.APPROVED, **fields)  # pyright: ignore[reportArgumentType]
    assert words in read_message(render_digest(digest_facts(request=request)))


def test_a_digest_says_that_its_owner_ended_the_access() -> None:
    revoked = request_facts(RequestState.APPROVED, revoked="done")
    request = replace(revoked, revoked_by=revoked.requester)
    assert "alice ended the access." in read_message(render_digest(digest_facts(request=request)))


@pytest.mark.parametrize("reason", list(EndReason))
def test_every_ending_has_words(reason: EndReason) -> None:
    ended = session(end_reason=reason, end_detail="because")
    text = read_message(render_digest(digest_facts(sessions=(ended,), head=False)))
    assert "because" in text
    assert "no checkpoint yet" in text


def test_a_digest_fits_whatever_happened() -> None:
    held = tuple(statement_facts(None, text="<&>\u202e" * 3000) for _ in range(300))
    kinds = {f"{'<&>' * 20}{number}": number for number in range(200)}
    ended = tuple(
        session(number, statements=kinds, masked=kinds, end_detail="<&>" * 3000, client_address="<&>" * 80)
        for number in range(1, 301)
    )
    request = request_facts(RequestState.APPROVED, reason="<&>" * 3000, ticket="<&>" * 40)
    digest = render_digest(digest_facts(sessions=ended, held=held, request=request))
    assert "295 more held or denied statements" in read_message(digest)
    assert text_length(digest.blocks) < ALL_TEXT_LIMIT


def test_a_digest_is_inert() -> None:
    held = (statement_facts(HoldState.DENIED, text=HOSTILE),)
    ended = session(end_detail=HOSTILE, statements={HOSTILE: 1}, client_address=HOSTILE)
    request = request_facts(RequestState.APPROVED, reason=HOSTILE, ticket=HOSTILE)
    digest = render_digest(digest_facts(sessions=(ended,), held=held, request=request))
    assert_inert(digest)
    assert "\u202e" not in read_message(digest)
