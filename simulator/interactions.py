"""What people do: type commands and messages, tap, fill in and submit modals, open the App Home.

Each deed becomes a payload, waits for the app's ack, and carries out what the ack says. The outcome tells what the
person would see; a missed ack is told as Slack tells it.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from simulator.answers import Answers
from simulator.blocks.state import HELD, UnknownChoice, option_of, state_of
from simulator.conversations import Conversation
from simulator.delivery import Delivery
from simulator.events import Events
from simulator.handles import ResponseUrl
from simulator.inputs import Impossible, dispatches, find, held_state, inputs_named, missing_inputs
from simulator.json_types import JsonObject, as_object, objects_in
from simulator.messages import Message
from simulator.modals import STACK_LIMIT, View
from simulator.payloads import Payloads
from simulator.sockets import NotDelivered
from simulator.spec import Person
from simulator.webapi.call import SlackError
from simulator.webapi.users import person_json
from simulator.webapi.views import checked_view
from simulator.workspace import Workspace

_MENTION = re.compile(r"(?<!\S)([@#])([\w.-]+)")


@dataclass(frozen=True)
class Outcome:
    """What came of a deed: `error` as Slack names it, `errors` by block_id as a modal shows them."""

    ok: bool
    error: str | None = None
    errors: dict[str, str] = field(default_factory=dict[str, str])
    ack: JsonObject = field(default_factory=dict[str, Any])
    #: For submissions: what happened to the modal (closed, updated, pushed, cleared).
    view: str | None = None


class Interactions:
    """The deeds of people in one workspace."""

    def __init__(self, workspace: Workspace, delivery: Delivery) -> None:
        """Payloads take this road to the app."""
        self._workspace = workspace
        self._delivery = delivery
        self._payloads = Payloads(workspace)
        self._answers = Answers(workspace)
        self.events = Events(workspace, delivery, self._payloads)

    async def type_line(
        self, person: Person, conversation: Conversation, line: str, thread_ts: str | None = None
    ) -> Outcome:
        """A line in the composer: a slash command if it starts with a slash, else a message."""
        if line.startswith("/"):
            return await self.command(person, conversation, line, thread_ts)
        return self.say(person, conversation, line, thread_ts)

    async def command(
        self, person: Person, conversation: Conversation, line: str, thread_ts: str | None = None
    ) -> Outcome:
        """A slash command with its text. Slack has none in threads."""
        command, _, text = line.strip().partition(" ")
        if thread_ts is not None:
            notice = f"{command} is not supported in threads. Sorry!"
            self._workspace.slackbot_notice(conversation.id, person.slack_id, notice)
            return Outcome(ok=False, error="not_supported_in_threads")
        if not command.startswith("/") or len(command) < 2 or not self._workspace.spec.takes_command(command):
            notice = f"{command} is not a valid command."
            self._workspace.slackbot_notice(conversation.id, person.slack_id, notice)
            return Outcome(ok=False, error="unknown_command")
        payload = self._payloads.slash_command(person, conversation, command, self._escaped(command, text.strip()))
        try:
            ack = await self._delivery.deliver("slash_commands", payload, accepts_response_payload=True)
            if ack:
                handle = ResponseUrl(person.slack_id, conversation.id, self._workspace.clock.now(), None)
                self._answers.apply(handle, ack)
        except (NotDelivered, SlackError) as failed:
            error = failed.code if isinstance(failed, SlackError) else str(failed)
            notice = f'{command} failed with the error "{error}"'
            self._workspace.slackbot_notice(conversation.id, person.slack_id, notice)
            return Outcome(ok=False, error=error)
        return Outcome(ok=True, ack=ack)

    def say(self, person: Person, conversation: Conversation, text: str, thread_ts: str | None = None) -> Outcome:
        """A plain message. What the person types is data: special characters are escaped, mentions become mentions."""
        escaped = self._mentions(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
        messages = self._workspace.messages
        message = Message(conversation.id, messages.next_ts(), person.slack_id, escaped, thread_ts=thread_ts)
        messages.add(message)
        self._tell_of(message, conversation)
        return Outcome(ok=True, ack={"ts": message.ts})

    async def tap_message(
        self, person: Person, message: Message, action_id: str, value: Any = None, block_id: str | None = None
    ) -> Outcome:
        """A button, menu or other element of a message."""
        conversation = self._workspace.conversations.get(message.channel)
        if conversation is None:
            raise Impossible(f"there is no channel {message.channel!r}")
        blocks = [*message.blocks, *(one for each in message.attachments for one in objects_in(each.get("blocks")))]
        block, element = find(blocks, action_id, value, block_id)
        action = self._action(block, element, value)
        state = held_state(element, value)
        if state is not None:
            held = message.state.setdefault(person.slack_id, {})
            held.setdefault(block["block_id"], {})[element["action_id"]] = state
        if not dispatches(block):
            return Outcome(ok=True)
        return await self._interact(self._payloads.message_action(person, conversation, message, action))

    async def tap_view(
        self, person: Person, view: View, action_id: str, value: Any = None, block_id: str | None = None
    ) -> Outcome:
        """An element inside a modal or an App Home."""
        block, element = find(view.blocks, action_id, value, block_id)
        action = self._action(block, element, value)
        state = held_state(element, value)
        if state is not None:
            view.values.setdefault(block["block_id"], {})[element["action_id"]] = state
            self._workspace.changes.record()
        if not dispatches(block):
            return Outcome(ok=True)
        return await self._interact(self._payloads.view_action(person, view, action))

    async def submit(self, person: Person, view: View) -> Outcome:
        """The modal's submit button, with what is filled in now."""
        missing = missing_inputs(view)
        if missing:
            return Outcome(ok=False, error="invalid_inputs", errors=missing)
        payload = self._payloads.view_submission(person, view)
        try:
            ack = await self._delivery.deliver("interactive", payload, accepts_response_payload=True)
            return self._after_submission(person, view, ack)
        except NotDelivered as missed:
            return Outcome(ok=False, error=str(missed))
        except SlackError as refused:
            self._workspace.inspector.record("ack", "refused", ok=False, error=refused.code, **refused.extra)
            return Outcome(ok=False, error=refused.code, ack=refused.extra)
        finally:
            self._workspace.changes.record()

    async def close(self, person: Person, *, everything: bool = False) -> Outcome:
        """The modal's cancel button or cross; the app is told if the view asks for it."""
        view = self._workspace.views.top_of(person.slack_id)
        if view is None:
            raise Impossible(f"{person.name} has no modal open")
        clears = everything or bool(view.content.get("clear_on_close"))
        closed = list(reversed(self._workspace.views.stack_of(person.slack_id))) if clears else [view]
        if clears:
            self._workspace.views.close_all(person.slack_id)
        else:
            self._workspace.views.close_top(person.slack_id)
        self._workspace.changes.record()
        for one in closed:
            if one.content.get("notify_on_close"):
                outcome = await self._interact(self._payloads.view_closed(person, one, is_cleared=clears))
                if not outcome.ok:
                    return outcome
        return Outcome(ok=True)

    def open_home(self, person: Person, tab: str = "home") -> None:
        """The person opens the app's Home (or its messages tab); the app learns of it by an event."""
        view = self._workspace.views.home_of(person.slack_id)
        event: JsonObject = {
            "type": "app_home_opened",
            "user": person.slack_id,
            "channel": self._workspace.direct_message_with_bot(person.slack_id).id,
            "tab": tab,
            "event_ts": self._workspace.messages.next_ts(),
        }
        if view is not None:
            event["view"] = self._workspace.view_json(view)
        self.events.send("app_home_opened", event)

    def change_person(self, person: Person) -> None:
        """An account changes (an administrator deactivated it, say); the app learns of it by an event."""
        self._workspace.change_person(person)
        user = person_json(person, self._workspace.spec)
        event = {"type": "user_change", "user": user, "event_ts": self._workspace.messages.next_ts()}
        self.events.send("user_change", event)

    async def suggest(
        self, person: Person, source: View | Message, action_id: str, typed: str, block_id: str | None = None
    ) -> list[JsonObject]:
        """What the app offers for a text typed into an external select. Raises Impossible, NotDelivered."""
        block, element = find(source.blocks, action_id, None, block_id)
        payload = self._payloads.suggestion(person, source, block["block_id"], element["action_id"], typed)
        ack = await self._delivery.deliver("interactive", payload, accepts_response_payload=True)
        groups = [
            option for group in objects_in(ack.get("option_groups")) for option in objects_in(group.get("options"))
        ]
        return objects_in(ack.get("options")) or groups

    async def with_offered_options(self, person: Person, view: View, values: JsonObject) -> JsonObject:
        """The values, with texts for external selects turned into the options that the app offers for them."""
        filled: JsonObject = {}
        for key, given in values.items():
            for block, element, value in inputs_named(view.blocks, key, given):
                is_text = element["type"] == "external_select" and isinstance(value, str) and value
                chosen = await self._offered(person, view, block, element, value) if is_text else value
                filled.setdefault(block["block_id"], {})[element["action_id"]] = chosen
        return filled

    async def _offered(self, person: Person, view: View, block: JsonObject, element: JsonObject, wanted: str) -> Any:
        try:
            options = await self.suggest(person, view, element["action_id"], wanted, block["block_id"])
        except NotDelivered:
            return wanted
        for option in options:
            if wanted in {option.get("value"), (as_object(option.get("text")) or {}).get("text")}:
                return option
        return wanted

    async def _interact(self, payload: JsonObject) -> Outcome:
        try:
            ack = await self._delivery.deliver("interactive", payload, accepts_response_payload=False)
        except NotDelivered as missed:
            return Outcome(ok=False, error=str(missed))
        return Outcome(ok=True, ack=ack)

    def _after_submission(self, person: Person, view: View, ack: JsonObject) -> Outcome:
        views = self._workspace.views
        stack = views.stack_of(person.slack_id)
        match ack.get("response_action"):
            case None:
                if view in stack:
                    stack.remove(view)
                return Outcome(ok=True, ack=ack, view="closed")
            case "errors":
                return Outcome(ok=False, errors=_errors_of(view, ack), error="invalid_inputs", ack=ack)
            case "clear":
                views.close_all(person.slack_id)
                return Outcome(ok=True, ack=ack, view="cleared")
            case "update":
                views.replace(view, checked_view(ack.get("view"), "modal"))
                return Outcome(ok=True, ack=ack, view="updated")
            case "push":
                if len(stack) >= STACK_LIMIT:
                    raise SlackError("push_limit_reached")
                views.push(person.slack_id, checked_view(ack.get("view"), "modal"))
                return Outcome(ok=True, ack=ack, view="pushed")
            case unknown:
                raise SlackError("invalid_response_action", [f"[ERROR] unknown response_action {unknown!r}"])

    def _action(self, block: JsonObject, element: JsonObject, value: Any) -> JsonObject:
        """The item of `actions`: the element's identity and what was done to it."""
        action: JsonObject = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "action_ts": self._workspace.messages.next_ts(),
        }
        for name in ("text", "value", "style", "placeholder", "confirm", "url"):
            if name in element:
                action[name] = element[name]
        try:
            if element["type"] == "overflow":
                action["selected_option"] = option_of(element, value)
            elif element["type"] in HELD:
                action |= {name: one for name, one in state_of(element, value).items() if name != "type"}
        except UnknownChoice as unknown:
            raise Impossible(str(unknown)) from unknown
        return action

    def _escaped(self, command: str, text: str) -> str:
        return self._mentions(text) if self._workspace.spec.escapes(command) else text

    def _mentions(self, text: str) -> str:
        def mention(found: re.Match[str]) -> str:
            sign, name = found.groups()
            if sign == "@":
                person = self._workspace.person_called(name)
                return found.group(0) if person is None else f"<@{person.slack_id}|{person.name}>"
            conversation = self._workspace.conversations.named(name)
            return found.group(0) if conversation is None else f"<#{conversation.id}|{conversation.name}>"

        return _MENTION.sub(mention, text)

    def _tell_of(self, message: Message, conversation: Conversation) -> None:
        bot = self._workspace.spec.bot_user_id
        if bot not in conversation.members:
            return
        kind = "im" if conversation.is_im else "group" if conversation.is_private else "channel"
        common: JsonObject = {
            "user": message.user,
            "text": message.text,
            "ts": message.ts,
            "channel": conversation.id,
            "event_ts": message.ts,
        }
        if message.thread_ts:
            common["thread_ts"] = message.thread_ts
        name = "message.im" if conversation.is_im else f"message.{kind}s"
        self.events.send(name, {"type": "message", "channel_type": kind, **common})
        if f"<@{bot}" in message.text:
            self.events.send("app_mention", {"type": "app_mention", **common})


def _errors_of(view: View, ack: JsonObject) -> dict[str, str]:
    """The app's messages by block_id. Slack takes only the ids of input blocks."""
    errors = as_object(ack.get("errors")) or {}
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    unknown = sorted(set(errors) - inputs)
    if not errors or unknown:
        named = unknown[0] if unknown else "(none)"
        raise SlackError("invalid_errors", [f"[ERROR] errors must name input blocks of the view, not {named}"])
    return {block_id: str(message) for block_id, message in errors.items()}
