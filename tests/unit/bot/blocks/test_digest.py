"""The digest of a session: complete, inert and within Slack's sizes."""

import pytest

from bot.blocks.digest import render_digest
from storage.model import EndReason, HoldState
from support.bot.facts import session_facts, statement_facts
from support.bot.rendered import HOSTILE, assert_inert, read_message


def test_a_digest_says_all_of_it() -> None:
    held = (statement_facts(HoldState.APPROVED), statement_facts(None, text="COPY t TO PROGRAM ?"))
    text = read_message(render_digest(session_facts(held=held)))
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
def test_every_ending_has_words(reason: EndReason) -> None:
    text = read_message(render_digest(session_facts(end_reason=reason, end_detail="because", head=False)))
    assert "because" in text
    assert "no checkpoint yet" in text


def test_a_digest_fits_whatever_happened() -> None:
    held = tuple(statement_facts(None, text="<&>" * 3000) for _ in range(300))
    kinds = {f"{'<&>' * 20}{number}": number for number in range(200)}
    digest = render_digest(session_facts(held=held, statements=kinds, masked=kinds, end_detail="<&>" * 3000))
    assert "292 more held or denied statements" in read_message(digest)


def test_a_digest_is_inert() -> None:
    held = (statement_facts(HoldState.DENIED, text=HOSTILE),)
    assert_inert(render_digest(session_facts(held=held, end_detail=HOSTILE, statements={HOSTILE: 1})))
