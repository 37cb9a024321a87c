"""What people do to single elements: tap a button, choose from a menu, type into a typeahead, in messages and views."""

from typing import Any

from slack_simulator.base.json_types import JsonObject, as_list, objects_in
from slack_simulator.blocks.objects import offer_problems
from slack_simulator.blocks.state import HELD, UnfitValue, option_of, options_of, state_of
from slack_simulator.delivery.acks import NotDelivered
from slack_simulator.delivery.delivery import Delivery
from slack_simulator.delivery.payloads import Payloads
from slack_simulator.interactions.inputs import Impossible, dispatches, find, held_state, inputs_named
from slack_simulator.interactions.outcomes import Outcome, hand_over
from slack_simulator.webapi.content import prefixed
from slack_simulator.webapi.errors import SlackError
from slack_simulator.workspace.messages import Message
from slack_simulator.workspace.spec import Person
from slack_simulator.workspace.views import View
from slack_simulator.workspace.workspace import Workspace


class BlockActions:
    """The elements of one workspace's messages and views, under people's fingers."""

    def __init__(self, workspace: Workspace, delivery: Delivery, payloads: Payloads) -> None:
        """Each tap becomes a payload that `delivery` carries."""
        self._workspace = workspace
        self._delivery = delivery
        self._payloads = payloads

    async def message(
        self, person: Person, message: Message, action_id: str, value: Any = None, block_id: str | None = None
    ) -> Outcome:
        """A button, menu or other element of a message."""
        conversation = self._workspace.conversations.get(message.channel)
        if conversation is None:
            raise Impossible(f"there is no channel {message.channel!r}")
        block, element = find(_blocks_of(message), action_id, value, block_id)
        action = self._action(block, element, value)
        state = held_state(element, value)
        if state is not None:
            held = message.state.setdefault(person.slack_id, {})
            held.setdefault(block["block_id"], {})[element["action_id"]] = state
        if not dispatches(block):
            return Outcome(ok=True)
        return await hand_over(self._delivery, self._payloads.message_action(person, conversation, message, action))

    async def view(
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
        return await hand_over(self._delivery, self._payloads.view_action(person, view, action))

    async def suggest(
        self, person: Person, source: View | Message, action_id: str, typed: str, block_id: str | None = None
    ) -> JsonObject:
        """What the app offers for a text typed into an external select: `options` or `option_groups`.

        Raises Impossible, NotDelivered, and SlackError for what is no offer.
        """
        block, element = find(_blocks_of(source), action_id, None, block_id)
        payload = self._payloads.suggestion(person, source, block["block_id"], element["action_id"], typed)
        ack = await self._delivery.deliver("interactive", payload, accepts_response_payload=True)
        problems = offer_problems(ack)
        if problems:
            refused = SlackError("invalid_arguments", prefixed(problems))
            self._workspace.inspector.record("ack", "refused", ok=False, error=refused.code, **refused.extra)
            raise refused
        return ack

    async def resolved(self, person: Person, view: View, values: JsonObject) -> JsonObject:
        """The values, with texts for external selects turned into offered options, ids of files into the files."""
        filled: JsonObject = {}
        for key, given in values.items():
            for block, element, value in inputs_named(view.blocks, key, given):
                chosen = await self._resolved(person, view, block, element, value)
                filled.setdefault(block["block_id"], {})[element["action_id"]] = chosen
        return filled

    async def _resolved(self, person: Person, view: View, block: JsonObject, element: JsonObject, value: Any) -> Any:
        """One value; what is not known stays as it was given, and is refused later."""
        several = as_list(value)
        if several is not None:
            return [await self._resolved(person, view, block, element, one) for one in several]
        if not isinstance(value, str) or not value:
            return value
        if element["type"] == "file_input":
            file = self._workspace.files.get(value)
            return value if file is None else self._workspace.file_json(file)
        if not str(element["type"]).endswith("external_select"):
            return value
        try:
            offered = await self.suggest(person, view, element["action_id"], value, block["block_id"])
        except (NotDelivered, SlackError):
            return value
        for option in options_of(offered):
            if value in {option["value"], option["text"]["text"]}:
                return option
        return value

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
        except UnfitValue as unknown:
            raise Impossible(str(unknown)) from unknown
        return action


def _blocks_of(source: View | Message) -> list[JsonObject]:
    """Its blocks, those inside a message's attachments too."""
    if isinstance(source, View):
        return source.blocks
    return [*source.blocks, *(one for each in source.attachments for one in objects_in(each.get("blocks")))]
