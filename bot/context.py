"""What every listener works with, made once by `bot.app` when the bot runs. Holds, and does nothing."""

from dataclasses import dataclass

from access.context import Access
from bot.facts.reading import Reader
from bot.people.authenticator import Authenticator
from bot.people.offboarding import Offboarding
from bot.posts.duplicates import Duplicates
from bot.slack.client import Slack
from bot.slack.listening import Listening


@dataclass(frozen=True)
class BotContext:
    """The collaborators of listeners, in one workspace."""

    #: The rules, storage and policy.
    access: Access
    #: Calls to Slack.
    slack: Slack
    #: Runs each listener: acknowledged, once for each delivery, failures told.
    listening: Listening
    #: Who is behind a payload.
    authenticator: Authenticator
    #: Facts for what is shown.
    reader: Reader
    #: Ends the access of people whose accounts were deactivated.
    offboarding: Offboarding
    #: Removes cards that storage does not know.
    duplicates: Duplicates
