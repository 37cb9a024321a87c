"""What a person is told: a refusal in its own words, a failure with a reference and nothing of its text."""

import re

import pytest
from slack_sdk.errors import SlackApiError
from structlog.testing import capture_logs

from access.decisions.requests import Refused
from bot.slack.failures import NotAdmitted, Unanswerable, sentence_for
from storage.database import StorageUnavailable

SECRET = "password=hunter2"


def refused_by_slack(code: str) -> SlackApiError:
    return SlackApiError(SECRET, {"ok": False, "error": code})


@pytest.mark.parametrize("kind", [Refused, NotAdmitted, Unanswerable])
def test_a_refusal_is_told_in_its_own_words_and_escaped(kind: type[Exception]) -> None:
    with capture_logs() as logs:
        sentence = sentence_for(kind("Not you, <!channel>."), doing="on_approve")
    assert sentence == ":no_entry_sign: Not you, &lt;!channel&gt;."
    assert logs == []


@pytest.mark.parametrize("code", ["expired_trigger_id", "trigger_expired"])
def test_a_trigger_that_expired_asks_to_try_again(code: str) -> None:
    with capture_logs() as logs:
        sentence = sentence_for(refused_by_slack(code), doing="on_access")
    assert "try again" in sentence
    assert [(one["event"], one["doing"]) for one in logs] == [("slack_trigger_expired", "on_access")]


@pytest.mark.parametrize(
    ("problem", "event", "words"),
    [
        (refused_by_slack("internal_error"), "slack_call_failed", "Slack did not answer"),
        (TimeoutError(SECRET), "slack_call_failed", "Slack did not answer"),
        (StorageUnavailable(SECRET), "bot_storage_unavailable", "cannot reach its storage"),
        (refused_by_slack("invalid_blocks"), "bot_listener_failed", "Gatepass failed"),
        (KeyError(SECRET), "bot_listener_failed", "Gatepass failed"),
    ],
    ids=["slack failed", "timeout", "storage", "refused of ours", "error of ours"],
)
def test_a_failure_is_told_with_the_reference_it_is_logged_with(problem: Exception, event: str, words: str) -> None:
    with capture_logs() as logs:
        sentence = sentence_for(problem, doing="on_approve")
    assert words in sentence
    assert SECRET not in sentence
    (line,) = logs
    assert (line["event"], line["doing"]) == (event, "on_approve")
    (reference,) = re.findall(r"reference `([0-9a-f]{8})`", sentence)
    assert line["reference"] == reference
