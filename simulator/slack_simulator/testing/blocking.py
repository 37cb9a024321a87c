"""The same people and channels for tests without a loop: every call returns when it is done.

Nothing of its own: each method runs its namesake of the asynchronous people and workspace on the thread that serves.
"""

from collections.abc import Callable
from typing import Any

from slack_simulator.base.json_types import JsonObject
from slack_simulator.testing import people, workspace
from slack_simulator.testing.hosting import Hosting, Loop
from slack_simulator.testing.people import PATIENCE_S
from slack_simulator.testing.screen import Message, Screen, View


class User:
    """A person of the workspace, who types, taps, fills in, and sees."""

    def __init__(self, user: people.User, loop: Loop) -> None:
        """Acts as that person."""
        self._user = user
        self._loop = loop
        self.name = user.name

    def screen(self) -> Screen:
        """What the person has in front of them now."""
        return self._loop.run(self._user.screen())

    def sees(self, text: str, *, timeout_s: float = PATIENCE_S) -> Message | View:
        """Wait until the text can be read in a modal, a message or the App Home; returns where."""
        return self._loop.run(self._user.sees(text, timeout_s=timeout_s))

    def does_not_see(self, text: str) -> None:
        """Fail if the text can be read right now."""
        self._loop.run(self._user.does_not_see(text))

    def stops_seeing(self, text: str, *, timeout_s: float = PATIENCE_S) -> None:
        """Wait until the text can be read nowhere any more."""
        self._loop.run(self._user.stops_seeing(text, timeout_s=timeout_s))

    def opens(self, channel: str) -> None:
        """Go to a channel, or to the app's direct message ("dm")."""
        self._user.opens(channel)

    def opens_home(self, *, timeout_s: float = PATIENCE_S) -> View:
        """Open the App Home, and wait until the app has published one."""
        return self._loop.run(self._user.opens_home(timeout_s=timeout_s))

    def types(self, line: str, *, channel: str | None = None, thread: Message | None = None) -> None:
        """Type a message or a slash command."""
        self._loop.run(self._user.types(line, channel=channel, thread=thread))

    def taps(
        self, label: str, *, near: str | None = None, message: Message | None = None, timeout_s: float = PATIENCE_S
    ) -> None:
        """Tap the nearest button with this label."""
        self._loop.run(self._user.taps(label, near=near, message=message, timeout_s=timeout_s))

    def picks(self, label: str, choice: Any, *, near: str | None = None, timeout_s: float = PATIENCE_S) -> None:
        """Choose in a menu or picker that tells the app at once."""
        self._loop.run(self._user.picks(label, choice, near=near, timeout_s=timeout_s))

    def is_offered(self, label: str, typed: str, *, timeout_s: float = PATIENCE_S) -> list[str]:
        """The options that the app offers in an external menu for what is typed."""
        return self._loop.run(self._user.is_offered(label, typed, timeout_s=timeout_s))

    def fills(self, title: str, values: JsonObject, *, timeout_s: float = PATIENCE_S) -> None:
        """Fill in the modal with this title and submit it."""
        self._loop.run(self._user.fills(title, values, timeout_s=timeout_s))

    def closes(self, *, everything: bool = False) -> None:
        """Close the modal on top, or all of them."""
        self._loop.run(self._user.closes(everything=everything))

    def shortcut(self, name: str, message: Message | None = None) -> None:
        """Choose a shortcut by its name."""
        self._loop.run(self._user.shortcut(name, message))


class Channel:
    """A conversation as an onlooker sees it who sees everything in it."""

    def __init__(self, channel: workspace.Channel, loop: Loop) -> None:
        """Looks at that conversation."""
        self._channel = channel
        self._loop = loop
        self.name = channel.name

    @property
    def messages(self) -> list[Message]:
        """All messages, oldest first, as they are now."""
        return self._channel.messages

    @property
    def newest(self) -> Message:
        """The last message."""
        return self._channel.newest

    def shows(self, text: str, *, timeout_s: float = PATIENCE_S) -> Message:
        """Wait until a message has this text, and return the newest that has."""
        return self._loop.run(self._channel.shows(text, timeout_s=timeout_s))

    def stops_showing(self, text: str, *, timeout_s: float = PATIENCE_S) -> None:
        """Wait until no message has this text any more."""
        self._loop.run(self._channel.stops_showing(text, timeout_s=timeout_s))


class Workspace:
    """A served workspace and everybody in it."""

    def __init__(self, hosting: Hosting) -> None:
        """The workspace lives as long as its hosting."""
        self._workspace = workspace.Workspace(hosting)
        self._loop = hosting.loop
        self.spec = hosting.spec
        self.url = hosting.simulator.url
        #: What the app is given as `base_url`.
        self.api_url = hosting.simulator.api_url

    def user(self, name: str) -> User:
        """The person with this name or Slack id."""
        return User(self._workspace.user(name), self._loop)

    def channel(self, name: str) -> Channel:
        """The channel with this name or id; @name is that person's direct message with the app."""
        return Channel(self._workspace.channel(name), self._loop)

    def waits_for_app(self, connections: int = 1, *, timeout_s: float = PATIENCE_S) -> None:
        """Return once the app has that many sockets open."""
        self._loop.run(self._workspace.waits_for_app(connections, timeout_s=timeout_s))

    def waits_for_exchange(self, is_it: Callable[[JsonObject], bool], *, timeout_s: float = PATIENCE_S) -> JsonObject:
        """The first entry of the inspector that is it: a request, an envelope, an ack."""
        return self._loop.run(self._workspace.waits_for_exchange(is_it, timeout_s=timeout_s))

    def advance(self, seconds: float) -> None:
        """Push the workspace's clock forward: deadlines that pass are due at once."""
        self._loop.run(self._workspace.advance(seconds))

    def changes_person(self, name: str, **flags: Any) -> None:
        """Change an account, such as deleted=True; the app gets user_change."""
        self._loop.run(self._workspace.changes_person(name, **flags))

    def breaks_sockets(self, *, cut: int | str | None = None, disconnect: str | None = None) -> None:
        """Cut the app's connections (a number, or "all") without a word, or tell them to go for that reason."""
        self._loop.run(self._workspace.breaks_sockets(cut=cut, disconnect=disconnect))

    def inspector(self) -> list[JsonObject]:
        """What passed between the app and the workspace: requests, envelopes, acks, with times and failures."""
        return self._loop.run(self._workspace.inspector())
