"""Hints: every reason has a sentence that says what is masked and what to do."""

import pytest

from proxy.postgres.sql.columns.hints import refusal
from proxy.postgres.sql.columns.relations import Used, Why


@pytest.mark.parametrize("why", Why)
def test_every_reason_has_a_sentence(why: Why) -> None:
    said = refusal(Used("cards.cvv", why))
    assert "mask" in said.sentence
    assert said.sentence.count(". ") >= 1
    assert len(said.sentence) < 300
    assert ("cards.cvv" in said.sentence) is (why is not Why.DEPTH)


def test_what_a_newer_catalogue_may_know() -> None:
    assert {why for why in Why if refusal(Used("x", why)).is_news} == {Why.NOT_KNOWN, Why.NO_SUCH_COLUMN}
