"""What one person has in front of them, and finding things there by the words that a person reads.

Pure: works on the control API's JSON. Raises NotThere with the whole screen, so that a failed test shows what the
person saw instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from slack_simulator.base.json_types import JsonObject, as_object, objects_in

#: An error shows this many of the newest messages.
SHOWN_MESSAGES = 8


class NotThere(AssertionError):
    """The person does not see that; the message shows what they see."""


@dataclass(frozen=True)
class Message:
    """A message as a person sees it."""

    channel: str
    channel_name: str
    ts: str
    by: str
    #: What a person reads: blocks flattened, markup gone.
    words: str
    #: The notification text beside the blocks.
    text: str
    thread_ts: str | None
    is_ephemeral: bool
    is_edited: bool
    buttons: tuple[str, ...]
    #: The control API's JSON.
    raw: JsonObject = field(repr=False, compare=False)

    def __str__(self) -> str:
        """One entry of the screen."""
        marks = (" (only you)" if self.is_ephemeral else "") + (" (in a thread)" if self.thread_ts else "")
        return f"#{self.channel_name} {self.by}{marks}: {_indented(self.words or self.text)}"


@dataclass(frozen=True)
class View:
    """A modal or an App Home as a person sees it."""

    id: str
    #: A modal's title; "Home" for the App Home.
    title: str
    words: str
    buttons: tuple[str, ...]
    raw: JsonObject = field(repr=False, compare=False)

    def __str__(self) -> str:
        """One entry of the screen."""
        return f"{self.title}: {_indented(self.words)}"


@dataclass(frozen=True)
class Target:
    """Something to tap or to choose in: where it is, and which element."""

    surface: Message | View
    block: JsonObject
    element: JsonObject

    @property
    def place(self) -> JsonObject:
        """The arguments by which the control API finds it."""
        where: JsonObject = {"block_id": self.block["block_id"]}
        if isinstance(self.surface, Message):
            return where | {"channel": self.surface.channel, "ts": self.surface.ts}
        return where | {"view_id": self.surface.id}


@dataclass(frozen=True)
class Screen:
    """Everything that one person sees at one moment."""

    person: str
    modals: tuple[View, ...]
    home: View | None
    #: Of all conversations the person is in, oldest first.
    messages: tuple[Message, ...]
    is_at_home: bool = False

    def __str__(self) -> str:
        """The screen in words, newest last."""
        lines = [f"{self.person} sees:"]
        lines += [f"  {message}" for message in self.messages[-SHOWN_MESSAGES:]]
        if self.home is not None:
            lines.append(f"  App Home, {self.home}")
        lines += [f"  modal {modal}" for modal in self.modals]
        return "\n".join(lines if len(lines) > 1 else [*lines, "  nothing"])

    @property
    def modal(self) -> View | None:
        """The modal on top."""
        return self.modals[-1] if self.modals else None

    def surfaces(self) -> Iterator[Message | View]:
        """What can be tapped, nearest first: only the modal if one is open, as in Slack."""
        if self.modal is not None:
            yield self.modal
            return
        if self.home is not None and self.is_at_home:
            yield self.home
        yield from reversed(self.messages)
        if self.home is not None and not self.is_at_home:
            yield self.home

    def showing(self, text: str) -> Message | View | None:
        """Where this text can be read: the modal on top, the newest message, the App Home."""
        everywhere: list[Message | View] = [*reversed(self.modals), *reversed(self.messages)]
        everywhere += [self.home] if self.home is not None else []
        return next((one for one in everywhere if text in one.words or text in getattr(one, "text", "")), None)

    def button(self, label: str, near: str | None = None) -> Target | None:
        """The nearest button with this label, or action_id; `near` is a text of the same block or the one above."""
        return self._element(label, near, is_button=True)

    def menu(self, label: str, near: str | None = None) -> Target | None:
        """The nearest menu, picker or input by its label, placeholder or action_id."""
        return self._element(label, near, is_button=False)

    def _element(self, label: str, near: str | None, *, is_button: bool) -> Target | None:
        for surface in self.surfaces():
            found = [
                Target(surface, block, element)
                for block, above, element in _elements(surface.raw)
                if (element.get("type") == "button") is is_button
                and label in _names(block, element)
                and (near is None or near in _words_of(block) or near in above)
            ]
            if len(found) > 1 and near is None:
                raise NotThere(f"{len(found)} elements are called {label!r}; say near= a text beside it\n\n{self}")
            if found:
                return found[0]
        return None


def screen_of(person: str, looked: JsonObject, messages: list[JsonObject], *, is_at_home: bool = False) -> Screen:
    """The screen in the answers of /control/views and /control/messages."""
    home = as_object(looked.get("home"))
    return Screen(
        person=person,
        modals=tuple(view_of(one) for one in objects_in(looked.get("views"))),
        home=None if home is None else view_of(home),
        messages=tuple(message_of(one) for one in messages),
        is_at_home=is_at_home,
    )


def message_of(raw: JsonObject) -> Message:
    """A message in the control API's JSON."""
    return Message(
        channel=str(raw["channel"]),
        channel_name=str(raw["channel_name"]),
        ts=str(raw["ts"]),
        by=str(raw["user_name"]),
        words=str(raw["plain"]),
        text=str(raw["text"]),
        thread_ts=raw.get("thread_ts"),
        is_ephemeral=bool(raw["ephemeral"]),
        is_edited=bool(raw["edited"]),
        buttons=_buttons(raw),
        raw=raw,
    )


def view_of(raw: JsonObject) -> View:
    """A view in the control API's JSON."""
    own = [_text(raw.get(key)) for key in ("submit", "close") if raw.get(key)]
    title = _text(raw.get("title")) if raw.get("type") == "modal" else "Home"
    return View(str(raw["id"]), title, str(raw["plain"]), (*_buttons(raw), *own), raw)


def input_named(view: View, label: str) -> str | None:
    """The block_id of the input with this label, block_id, action_id or placeholder; None if there is none."""
    for block, _, element in _elements(view.raw):
        if label in _names(block, element) | {block.get("block_id")} and element.get("type") != "button":
            return str(block["block_id"])
    return None


def labels_of(view: View) -> list[str]:
    """What the inputs of a view are called, for an error."""
    return [
        _text(block.get("label")) or str(block["block_id"])
        for block, _, element in _elements(view.raw)
        if element.get("type") != "button"
    ]


def label_of_block(view: View, block_id: str) -> str:
    """The label of the input with this block_id."""
    for block in objects_in(view.raw.get("blocks")):
        if block.get("block_id") == block_id:
            return _text(block.get("label")) or block_id
    return block_id


def _elements(raw: JsonObject) -> Iterator[tuple[JsonObject, str, JsonObject]]:
    """(block, words of the section above, element) for all elements that a person can use, in reading order."""
    attached = [one for each in objects_in(raw.get("attachments")) for one in objects_in(each.get("blocks"))]
    above = ""
    for block in [*objects_in(raw.get("blocks")), *attached]:
        single = [as_object(block.get(key)) for key in ("accessory", "element")]
        for element in [*objects_in(block.get("elements")), *(one for one in single if one is not None)]:
            if "action_id" in element:
                yield block, above, element
        if block.get("type") in {"section", "header", "rich_text"}:
            above = _words_of(block)


def _buttons(raw: JsonObject) -> tuple[str, ...]:
    return tuple(_label(element) for _, _, element in _elements(raw) if element.get("type") == "button")


def _label(element: JsonObject) -> str:
    return _text(element.get("text")).strip()


def _names(block: JsonObject, element: JsonObject) -> set[str]:
    """What an element can be called: its action_id, a button's label, an input's label or placeholder."""
    if element.get("type") == "button":
        return {str(element["action_id"]), _label(element)}
    words = {_text(block.get("label")), _text(element.get("placeholder")), str(element["action_id"])}
    if as_object(block.get("accessory")) is element:
        words.add(_text(block.get("text")))
    return words - {""}


def _words_of(block: JsonObject) -> str:
    """All texts of a block, however deep."""
    words: list[str] = []

    def gather(value: Any) -> None:
        if isinstance(value, str):
            words.append(value)
        elif isinstance(value, list):
            for one in value:  # pyright: ignore[reportUnknownVariableType] - JSON
                gather(one)
        elif (held := as_object(value)) is not None:
            for one in (held[key] for key in ("text", "label", "fields", "elements", "value") if key in held):
                gather(one)

    gather(block)
    return "\n".join(words)


def _text(value: Any) -> str:
    return str((as_object(value) or {}).get("text", ""))


def _indented(words: str) -> str:
    return words.replace("\n", "\n      ")
