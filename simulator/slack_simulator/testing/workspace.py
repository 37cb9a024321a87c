"""The workspace and its channels as a test has them: who is there, what was said, what passed, and the clock.

Waits on the control API's long poll. What people do is in `slack_simulator.testing.people`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from slack_simulator.base.json_types import JsonObject, objects_in
from slack_simulator.testing.hosting import Hosting
from slack_simulator.testing.people import PATIENCE_S, POLL_S, User
from slack_simulator.testing.screen import SHOWN_MESSAGES, Message, NotThere, message_of
from slack_simulator.workspace.spec import WorkspaceSpec

Found = TypeVar("Found")


class Channel:
    """A conversation as an onlooker sees it who sees everything in it, other people's ephemeral messages too."""

    def __init__(self, hosting: Hosting, name: str) -> None:
        """`name` is an id, a name, #name, or @name for that person's direct message with the app."""
        self._hosting = hosting
        self.name = name

    @property
    def messages(self) -> list[Message]:
        """All messages, oldest first, as they are now."""
        return [message_of(one) for one in self._hosting.loop.run(self._hosting.control.messages(self.name))]

    @property
    def newest(self) -> Message:
        """The last message."""
        messages = self.messages
        if not messages:
            raise NotThere(f"there is no message in {self.name}")
        return messages[-1]

    async def shows(self, text: str, *, timeout_s: float = PATIENCE_S) -> Message:
        """Wait until a message has this text, and return the newest that has."""
        found = await self._until(lambda newest: newest is not None, text, "shows no", timeout_s)
        assert found is not None
        return found

    async def stops_showing(self, text: str, *, timeout_s: float = PATIENCE_S) -> None:
        """Wait until no message has this text any more."""
        await self._until(lambda newest: newest is None, text, "still shows", timeout_s)

    async def _until(
        self, is_so: Callable[[Message | None], bool], text: str, otherwise: str, timeout_s: float
    ) -> Message | None:
        """The newest message with this text, or none, once that is so."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        after = 0
        while True:
            left_s = max(0.0, deadline - asyncio.get_running_loop().time())
            watched = await self._hosting.control.watch(self.name, after=after, wait_s=min(left_s, POLL_S))
            after = int(watched["revision"])
            seen = [message_of(one) for one in objects_in(watched["messages"])]
            newest = next((one for one in reversed(seen) if text in one.words or text in one.text), None)
            if is_so(newest):
                return newest
            if left_s <= 0:
                words = "\n".join(f"  {one}" for one in seen[-SHOWN_MESSAGES:]) or "  nothing"
                raise NotThere(f"{self.name} {otherwise} {text!r} (waited {timeout_s} s); it shows\n{words}")


class Workspace:
    """A served workspace and everybody in it."""

    def __init__(self, hosting: Hosting) -> None:
        """The workspace lives as long as its hosting."""
        self._hosting = hosting
        self._users: dict[str, User] = {}
        self.control = hosting.control
        self.spec: WorkspaceSpec = hosting.spec
        #: The page, for a look while a debugger waits.
        self.url = hosting.simulator.url
        #: What the app is given as `base_url`.
        self.api_url = hosting.simulator.api_url

    def user(self, name: str) -> User:
        """The person with this name or Slack id; the same object each time."""
        person = next((one for one in self.spec.people if name.removeprefix("@") in {one.name, one.slack_id}), None)
        if person is None:
            raise LookupError(f"nobody is called {name!r}; there are {', '.join(one.name for one in self.spec.people)}")
        if person.name not in self._users:
            first = next((one.name for one in self.spec.channels if person.slack_id in one.members), "dm")
            self._users[person.name] = User(self.control, person.name, first)
        return self._users[person.name]

    def channel(self, name: str) -> Channel:
        """The channel with this name or id; @name is that person's direct message with the app."""
        return Channel(self._hosting, name)

    async def waits_for_app(self, connections: int = 1, *, timeout_s: float = PATIENCE_S) -> None:
        """Return once the app has that many sockets open."""

        async def enough() -> bool | None:
            return int((await self.control.workspace())["connections"]) >= connections or None

        await self._until(enough, f"the app has not {connections} of its sockets open", timeout_s)

    async def waits_for_exchange(
        self, is_it: Callable[[JsonObject], bool], *, timeout_s: float = PATIENCE_S
    ) -> JsonObject:
        """The first entry of the inspector that is it: a request, an envelope, an ack."""

        async def found() -> JsonObject | None:
            return next((entry for entry in await self.control.inspector() if is_it(entry)), None)

        return await self._until(found, "the inspector shows no such exchange", timeout_s)

    async def advance(self, seconds: float) -> None:
        """Push the workspace's clock forward: deadlines that pass are due at once."""
        await self.control.advance(seconds)

    async def changes_person(self, name: str, **flags: Any) -> None:
        """Change an account, such as deleted=True; the app gets user_change."""
        await self.control.change_person(name, **flags)

    async def breaks_sockets(self, *, cut: int | str | None = None, disconnect: str | None = None) -> None:
        """Cut the app's connections (a number, or "all") without a word, or tell them to go for that reason."""
        await self.control.sockets(cut=cut, disconnect=disconnect)

    async def inspector(self) -> list[JsonObject]:
        """What passed between the app and the workspace: requests, envelopes, acks, with times and failures."""
        return await self.control.inspector()

    async def _until(self, ask: Callable[[], Awaitable[Found | None]], otherwise: str, timeout_s: float) -> Found:
        """What `ask` finds; asked again after each change of the workspace."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        revision = int((await self.control.workspace())["revision"])
        while True:
            found = await ask()
            if found is not None:
                return found
            left_s = deadline - loop.time()
            if left_s <= 0:
                raise NotThere(f"{otherwise} (waited {timeout_s} s)")
            anybody = self.spec.people[0].name
            looked = await self.control.look(anybody, after=revision, wait_s=min(left_s, POLL_S))
            revision = int(looked["revision"])
