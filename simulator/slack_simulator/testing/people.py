"""People of a workspace in a test's own words: `types`, `taps`, `fills`, `sees`.

Everything waits for what it needs on the control API's long poll, and fails with what the person sees instead. A person
reaches what a person could reach: while a modal is open, only the modal.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from slack_simulator.base.json_types import JsonObject, as_object, objects_in
from slack_simulator.testing.hosting import ControlClient
from slack_simulator.testing.screen import (
    Message,
    NotThere,
    Screen,
    Target,
    View,
    input_named,
    label_of_block,
    labels_of,
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
        """Close the modal on top, or all of them, once there is one."""
        await self._until(lambda screen: screen.modal, "has no modal open", PATIENCE_S)
        await self._accepted(await self._control.close_view(self.name, everything=everything), "closed a modal")

    async def shortcut(self, name: str, message: Message | None = None) -> None:
        """Choose a shortcut by its name: a global one, or one in the menu of `message`."""
        where = {} if message is None else {"channel": message.channel, "ts": message.ts}
        await self._accepted(await self._control.shortcut(self.name, name, **where), f"chose {name!r}")

    async def _offered(self, target: Target, typed: str) -> list[JsonObject]:
        where = {key: value for key, value in target.place.items() if key != "block_id"}
        answer = await self._control.offer(self.name, target.element["action_id"], typed, **where)
        await self._accepted(answer, f"typed {typed!r} into a menu that asks the app")
        return objects_in(answer["options"])

    async def _submit(self, values: JsonObject, doing: str) -> None:
        modal = (await self.screen()).modal
        answer = await self._control.submit(self.name, values)
        errors = as_object(answer.get("errors")) or {}
        if modal is not None and errors:
            told = "; ".join(f"{label_of_block(modal, block_id)}: {words}" for block_id, words in errors.items())
            raise Refused(f"{self.name} {doing}, and the modal says: {told}\n\n{await self.screen()}", answer)
        await self._accepted(answer, doing)

    async def _accepted(self, answer: JsonObject, doing: str) -> None:
        if not answer["ok"]:
            raise Refused(f"{self.name} {doing}, and got {answer.get('error')}\n\n{await self.screen()}", answer)


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
