"""The closest known word, or none."""

import pytest

from access.policy.suggest import did_you_mean


@pytest.mark.parametrize("typed", ["payment-db", "PAYMENTS-DB", "payments_db"])
def test_a_close_word_is_suggested(typed: str) -> None:
    assert did_you_mean(typed, ["payments-db", "web-1"]) == " Did you mean payments-db?"


@pytest.mark.parametrize("typed", ["", "zzz", "x" * 100_000])
def test_without_a_close_word_nothing_is_said(typed: str) -> None:
    assert did_you_mean(typed, ["payments-db", "web-1"]) == did_you_mean("web-1", []) == ""
