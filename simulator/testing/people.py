"""People and channels of a workspace in a test's own words: `types`, `taps`, `fills`, `sees`.

Everything waits for what it needs on the control API's long poll, and fails with what the person sees instead. A person
reaches what a person could reach: while a modal is open, only the modal.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from simulator.json_types import JsonObject, as_object, objects_in
from simulator.spec import WorkspaceSpec
from simulator.testing.hosting import ControlClient, Hosting
from simulator.testing.screen import (
    SHOWN_MESSAGES,
    Message,
    NotThere,
    Screen,
    Target,
    View,
    input_named,
    label_of_block,
    labels_of,
    message_of,
    screen_of,
)

#: How long a person waits for something to appear, in seconds, unless the test says otherwise.
PATIENCE_S = 10.0
#: One long poll lasts at most this long.
POLL_S = 20.0

Found = TypeVar("Found")


class Refused(AssertionError):
    """Slack or the app did not take it; `error` is Slack's code, `errors` the words under a modal's inputs."""

    def __init__(self, message: str, answer: JsonObject) -> None:
        """`answer` is the control API's."""
        super().__init__(message)
        self.error = str(answer.get("error"))
        self.errors: dict[str, str] = as_object(answer.get("errors")) or {}


class Onlooker:
    """Somebody's eyes: reads the screen and waits for it to change."""

    def __init__(self, control: ControlClient, name: str) -> None:
        """`name` is a Slack id, a name or @name."""
        self._control = control
        self._is_at_home = False
        self.name = name.removeprefix("@")

    async def screen(self) -> Screen:
        """What the person has in front of them now."""
        return await self._screen(await self._control.look(self.name))

    async def sees(self, text: str, *, timeout_s: float = PATIENCE_S) -> Message | View:
        """Wait until the text can be read in a modal, a message or the App Home; returns where."""
        return await self._until(lambda screen: screen.showing(text), f"does not see {text!r}", timeout_s)

    async def does_not_see(self, text: str) -> None:
        """Fail if the text can be read right now. Wait first for what comes after it: this does not wait."""
        screen = await self.screen()
        if screen.showing(text) is not None:
            raise AssertionError(f"{self.name} sees {text!r}, and should not\n\n{screen}")

    async def stops_seeing(self, text: str, *, timeout_s: float = PATIENCE_S) -> None:
        """Wait until the text can be read nowhere any more."""
        await self._until(lambda screen: screen.showing(text) is None or None, f"still sees {text!r}", timeout_s)

    async def _until(
        self, look: Callable[[Screen], Found | None], otherwise: str | Callable[[Screen], str], timeout_s: float
    ) -> Found:
        """The first thing that `look` finds. Raises NotThere with `otherwise` and the last screen."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        looked = await self._control.look(self.name)
        while True:
            screen = await self._screen(looked)
            found = look(screen)
            if found is not None:
                return found
            left_s = deadline - loop.time()
            if left_s <= 0:
                words = otherwise if isinstance(otherwise, str) else otherwise(screen)
                raise NotThere(f"{self.name} {words} (waited {timeout_s} s)\n\n{screen}")
            wait_s = min(left_s, POLL_S)
            looked = await self._control.look(self.name, after=int(looked["revision"]), wait_s=wait_s)

    async def _screen(self, looked: JsonObject) -> Screen:
        messages = await self._control.messages(user=self.name)
        return screen_of(self.name, looked, messages, is_at_home=self._is_at_home)


class User(Onlooker):
    """A person of the workspace, who types, taps, fills in, and sees."""

    def __init__(self, control: ControlClient, name: str, channel: str) -> None:
        """`channel` is where the person is at first."""
        super().__init__(control, name)
        self._channel = channel

    def opens(self, channel: str) -> None:
        """Go to a channel ("general"), or to the app's direct message ("dm")."""
        self._channel, self._is_at_home = channel, False

    async def opens_home(self, *, timeout_s: float = PATIENCE_S) -> View:
        """Open the App Home, and wait until the app has published one."""
        self._is_at_home = True
        await self._control.open_home(self.name)
        return await self._until(lambda screen: screen.home, "sees no App Home", timeout_s)

    async def types(self, line: str, *, channel: str | None = None, thread: Message | None = None) -> None:
        """Type a line: a message, or a slash command if it starts with a slash. Returns once the app acked."""
        place = (thread.channel if thread else None) or channel or self._channel
        answer = await self._control.say(self.name, place, line, thread_ts=thread.ts if thread else None)
        await self._accepted(answer, f"typed {line!r} in {place}")

    async def taps(
        self, label: str, *, near: str | None = None, message: Message | None = None, timeout_s: float = PATIENCE_S
    ) -> None:
        """Tap the nearest button with this label, confirming what it asks; a modal's own buttons too.

        The modal on top, else the newest message that has one, else the App Home. `near` is a text beside the button,
        `message` the only place to look. Returns once the app acked.
        """
        target = await self._until(
            lambda screen: _own_button(screen, label) or _only(message, screen).button(label, near),
            f"has no button {label!r} to tap",
            timeout_s,
        )
        if isinstance(target, Target):
            action_id, value = target.element["action_id"], target.element.get("value")
            answer = await self._control.action(self.name, action_id, value=value, **target.place)
            await self._accepted(answer, f"tapped {label!r}")
        elif target == "submit":
            await self._submit({}, f"tapped {label!r}")
        else:
            await self.closes()

    async def picks(self, label: str, choice: Any, *, near: str | None = None, timeout_s: float = PATIENCE_S) -> None:
        """Choose in a menu or picker that tells the app at once, found by its placeholder, label or action_id.

        `choice` is an option's text or value, an id, a date; for a menu that asks the app, what is typed into it.
        """
        target = await self._until(
            lambda screen: screen.menu(label, near), f"has nothing called {label!r} to choose in", timeout_s
        )
        if str(target.element["type"]).endswith("external_select"):
            offered = await self._offered(target, str(choice))
            choice = next((one for one in offered if choice in {_option_text(one), one.get("value")}), choice)
        answer = await self._control.action(self.name, target.element["action_id"], value=choice, **target.place)
        await self._accepted(answer, f"chose {choice!r} in {label!r}")

    async def is_offered(self, label: str, typed: str, *, timeout_s: float = PATIENCE_S) -> list[str]:
        """The options that the app offers in an external menu for what is typed."""
        target = await self._until(lambda screen: screen.menu(label), f"has no menu {label!r}", timeout_s)
        return [_option_text(one) for one in await self._offered(target, typed)]

    async def fills(self, title: str, values: JsonObject, *, timeout_s: float = PATIENCE_S) -> None:
        """Fill in the modal with this title and submit it; returns once the app acked.

        `values` goes by the inputs' labels, or by block_id or action_id. Raises Refused with the words under the inputs
        if Slack or the app does not take them.
        """

        def ready(screen: Screen) -> View | None:
            modal = screen.modal
            is_it = modal is not None and modal.title == title
            return modal if modal and is_it and all(input_named(modal, label) for label in values) else None

        def missing(screen: Screen) -> str:
            if screen.modal is None or screen.modal.title != title:
                return f"has no modal {title!r} open"
            return f"finds no input for {', '.join(map(repr, values))}; there are {labels_of(screen.modal)}"

        modal = await self._until(ready, missing, timeout_s)
        named = {input_named(modal, label) or label: value for label, value in values.items()}
        await self._submit(named, f"submitted {title!r}")

    async def closes(self, *, everything: bool = False) -> None:
        """Close the modal on top, or all of them."""
        await self._accepted(await self._control.close_view(self.name, everything=everything), "closed a modal")

    async def shortcut(self, name: str, message: Message | None = None) -> None:
        """Choose a shortcut by its name: a global one, or one in the menu of `message`."""
        where = {} if message is None else {"channel": message.channel, "ts": message.ts}
        await self._accepted(await self._control.shortcut(self.name, name, **where), f"chose {name!r}")

    async def _offered(self, target: Target, typed: str) -> list[JsonObject]:
        where = {key: value for key, value in target.place.items() if key != "block_id"}
        return await self._control.options(self.name, target.element["action_id"], typed, **where)

    async def _submit(self, values: JsonObject, deed: str) -> None:
        modal = (await self.screen()).modal
        answer = await self._control.submit(self.name, values)
        errors = as_object(answer.get("errors")) or {}
        if modal is not None and errors:
            told = "; ".join(f"{label_of_block(modal, block_id)}: {words}" for block_id, words in errors.items())
            raise Refused(f"{self.name} {deed}, and the modal says: {told}\n\n{await self.screen()}", answer)
        await self._accepted(answer, deed)

    async def _accepted(self, answer: JsonObject, deed: str) -> None:
        if not answer["ok"]:
            raise Refused(f"{self.name} {deed}, and got {answer.get('error')}\n\n{await self.screen()}", answer)


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


def _only(message: Message | None, screen: Screen) -> Screen:
    """The screen with nothing on it but this message, if one is given."""
    if message is None:
        return screen
    same = tuple(one for one in screen.messages if (one.channel, one.ts) == (message.channel, message.ts))
    return Screen(screen.person, (), None, same)


def _own_button(screen: Screen, label: str) -> str | None:
    """Whether it is the submit or close button of the modal on top."""
    if screen.modal is None:
        return None
    for name in ("submit", "close"):
        text = (as_object(screen.modal.raw.get(name)) or {}).get("text")
        if text == label:
            return name
    return None


def _option_text(option: JsonObject) -> str:
    return str((as_object(option.get("text")) or {}).get("text", ""))
