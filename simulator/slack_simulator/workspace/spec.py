"""What a workspace is made of before anybody speaks: people, channels and one installed app.

Plain values only, which refuse contradictions and tokens that could be mistaken for real ones.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from pydantic import ConfigDict

from slack_simulator.manifest.manifest import Manifest

#: Real Slack tokens continue with digits, so these can be neither confused nor used elsewhere.
BOT_TOKEN_PREFIX = "xoxb-simulator-"  # noqa: S105 - a prefix, not a secret
APP_TOKEN_PREFIX = "xapp-simulator-"  # noqa: S105 - a prefix, not a secret


#: How pydantic reads these records from JSON: nothing is coerced, nothing is overlooked.
STRICT = ConfigDict(strict=True, extra="forbid")


class SpecError(ValueError):
    """The description of a workspace is not usable; the message says which part and why."""


@dataclass(frozen=True)
class Person:
    """One account of the workspace, with the flags that Slack's `users.info` reports."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    name: str
    slack_id: str
    real_name: str
    email: str
    is_admin: bool = False
    #: An owner is an admin too, and the primary owner is an owner, whether their flags are set or not.
    is_owner: bool = False
    is_primary_owner: bool = False
    is_bot: bool = False
    deleted: bool = False
    #: A multi-channel guest.
    is_restricted: bool = False
    #: A single-channel guest, who is a guest too.
    is_ultra_restricted: bool = False
    #: Someone of another organisation who shares no channel with the app. Those who do have only a foreign team_id.
    is_stranger: bool = False
    is_email_confirmed: bool = True
    #: None means the workspace's own team.
    team_id: str | None = None


@dataclass(frozen=True)
class Channel:
    """A channel and its members' Slack ids; the app's bot user is a member unless `has_bot` is False."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    name: str
    id: str
    members: tuple[str, ...]
    is_private: bool = False
    is_ext_shared: bool = False
    has_bot: bool = True
    topic: str = ""
    is_archived: bool = False


@dataclass(frozen=True)
class UserGroup:
    """A group of people that goes by one handle, such as db-oncall; its id starts with S."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    handle: str
    id: str
    members: tuple[str, ...] = ()
    name: str = ""
    description: str = ""
    is_enabled: bool = True


@dataclass(frozen=True)
class WorkspaceSpec:
    """A workspace with one installed app and the credentials by which that app is known."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    team_id: str = "T0SIMULATE"
    team_name: str = "Simulated Workspace"
    people: tuple[Person, ...] = ()
    channels: tuple[Channel, ...] = ()
    usergroups: tuple[UserGroup, ...] = ()
    bot_user_id: str = "U0SIMBOT"
    bot_name: str = "app"
    bot_token: str = BOT_TOKEN_PREFIX + "bot"
    app_token: str = APP_TOKEN_PREFIX + "app"
    app_id: str = "A0SIMULATE"
    signing_secret: str = field(default="simulator-signing-secret", repr=False)
    #: The app's slash commands, such as ("/hello",); empty means that every slash command goes to the app.
    commands: tuple[str, ...] = ()
    #: As in an app manifest: in a command's text @name, #name and urls become <@U…|name>, <#C…|name> and <https:…>.
    should_escape: bool = False
    #: The events the app subscribes to: app_home_opened, user_change, message.channels, message.groups, message.im,
    #: app_mention.
    events: tuple[str, ...] = ("app_home_opened", "user_change")
    #: The app's manifest. With one, its commands, events and scopes count instead of the three fields above; without
    #: one the app may call every method.
    manifest: Manifest | None = None
    #: Whether the Web API answers 429 to an app that calls it too often.
    rate_limits: bool = True
    #: Whether the page shows pictures from elsewhere, which lets each viewer's browser fetch them.
    shows_pictures: bool = False

    def takes_command(self, command: str) -> bool:
        """Whether the workspace knows this slash command as the app's."""
        if self.manifest is not None:
            return self.manifest.command(command) is not None
        return not self.commands or command in self.commands

    def escapes(self, command: str) -> bool:
        """Whether @name and #name in this command's text become ids."""
        declared = None if self.manifest is None else self.manifest.command(command)
        return self.should_escape if declared is None else declared.should_escape

    def subscribes(self, event: str) -> bool:
        """Whether the app is told of this event."""
        return event in self.events if self.manifest is None else self.manifest.hears(event)

    def grants(self, scope: str) -> bool:
        """Whether the bot token has this scope; without a manifest it has them all."""
        return self.manifest is None or scope in self.manifest.bot_scopes

    def __post_init__(self) -> None:
        """Refuse contradictions at once rather than at the first click."""
        if not self.bot_token.startswith(BOT_TOKEN_PREFIX):
            raise SpecError(f"bot_token must start with {BOT_TOKEN_PREFIX!r}, so that nobody takes it for a real one")
        if not self.app_token.startswith(APP_TOKEN_PREFIX):
            raise SpecError(f"app_token must start with {APP_TOKEN_PREFIX!r}, so that nobody takes it for a real one")
        ids = (
            [person.slack_id for person in self.people] + [channel.id for channel in self.channels] + [self.bot_user_id]
        )
        _refuse_duplicates("id", ids)
        _refuse_duplicates("person name", [person.name for person in self.people] + [self.bot_name])
        _refuse_duplicates("channel name", [channel.name for channel in self.channels])
        _refuse_duplicates("usergroup", [one.handle for one in self.usergroups] + [one.id for one in self.usergroups])
        known = {person.slack_id for person in self.people}
        for channel in self.channels:
            strangers = sorted(set(channel.members) - known - {self.bot_user_id})
            if strangers:
                raise SpecError(
                    f"channel {channel.name!r} has members that are not people of the workspace: {strangers}"
                )

        for group in self.usergroups:
            strangers = sorted(set(group.members) - known)
            if strangers:
                raise SpecError(f"usergroup {group.handle!r} has members that are not people here: {strangers}")

    @property
    def bot_id(self) -> str:
        """The B… id that messages of the app carry beside its user id."""
        return "B" + self.bot_user_id[1:]

    @property
    def domain(self) -> str:
        """The team's subdomain, as in payloads' `team.domain`."""
        letters = "".join(letter if letter.isalnum() else "-" for letter in self.team_name.lower())
        return letters.strip("-") or "simulator"


def _refuse_duplicates(what: str, values: list[str]) -> None:
    repeated = sorted({value for value in values if values.count(value) > 1})
    if repeated:
        raise SpecError(f"{what} {repeated[0]!r} is used more than once")
