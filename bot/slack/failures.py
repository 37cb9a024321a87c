"""What a person is told when something did not work: a refusal in its own words, a failure with a reference.

A failure is logged with that reference and never shown: an exception's text may quote what nobody should see.
"""

import secrets

import structlog
from slack_sdk.errors import SlackApiError

from access.errors import Refused
from bot.blocks.text import escape
from bot.slack.client import error_code, is_slacks_failure
from storage.database import StorageUnavailable

_log = structlog.get_logger(__name__)


class NotAdmitted(Exception):
    """The person behind a command or a click is not to be relied on; the message is a sentence for them.

    `link` is an address of ours where they can change that.
    """

    def __init__(self, said: str, link: str = "") -> None:
        super().__init__(said)
        self.link = link

    @property
    def sentence(self) -> str:
        """As mrkdwn."""
        return escape(str(self)) + (f" <{self.link}|Link this Slack account>" if self.link else "")


class Unanswerable(Exception):
    """What was clicked or typed has no answer any more; the message is a sentence for the person."""


def sentence_for(problem: Exception, *, doing: str) -> str:
    """mrkdwn for the person; logs what is an error of ours. `doing` names the listener in the log."""
    if isinstance(problem, NotAdmitted):
        return f"{':link:' if problem.link else ':no_entry_sign:'} {problem.sentence}"
    if isinstance(problem, Refused | Unanswerable):
        return f":no_entry_sign: {escape(str(problem))}"
    if isinstance(problem, SlackApiError) and error_code(problem) in ("expired_trigger_id", "trigger_expired"):
        _log.warning("slack_trigger_expired", doing=doing)
        return ":hourglass: That took longer than Slack allows. Please try again."
    reference = secrets.token_hex(4)
    if is_slacks_failure(problem):
        _log.warning("slack_call_failed", doing=doing, reference=reference, error=error_code(problem))
        return (
            f":warning: Slack did not answer as it should (`{error_code(problem)}`). Look at the card or at "
            "`/access list` whether it was done, and try again if not; "
            f"if it goes on, tell an administrator the reference `{reference}`."
        )
    if isinstance(problem, StorageUnavailable):
        _log.error("bot_storage_unavailable", doing=doing, reference=reference, error=str(problem))
        return (
            ":warning: Gatepass cannot reach its storage, and cannot say whether this was done or not. Look at the "
            "card or at `/access list` in a minute, before you try again; "
            f"if it goes on, tell an administrator the reference `{reference}`."
        )
    _log.error("bot_listener_failed", doing=doing, reference=reference, exc_info=problem)
    return f":warning: Gatepass failed to do that. Tell an administrator the reference `{reference}`."
