"""Shortcuts: what the app's manifest offers everywhere in the client, and in the menu of each message.

docs.slack.dev/interactivity/implementing-shortcuts. Without a manifest the app has none. A message shortcut needs a
message that everybody sees: ephemeral ones have no menu.
"""

from slack_simulator.delivery.delivery import Delivery
from slack_simulator.delivery.payloads import Payloads
from slack_simulator.interactions.inputs import Impossible
from slack_simulator.interactions.outcomes import Outcome, hand_over
from slack_simulator.manifest.manifest import Shortcut, ShortcutKind
from slack_simulator.workspace.messages import Message
from slack_simulator.workspace.spec import Person
from slack_simulator.workspace.workspace import Workspace


class Shortcuts:
    """The app's shortcuts in one workspace, and people who use them."""

    def __init__(self, workspace: Workspace, delivery: Delivery, payloads: Payloads) -> None:
        """Each use becomes a payload that `delivery` carries."""
        self._workspace = workspace
        self._delivery = delivery
        self._payloads = payloads

    def offered(self) -> tuple[Shortcut, ...]:
        """All of them, as the manifest lists them."""
        manifest = self._workspace.spec.manifest
        return () if manifest is None else manifest.shortcuts

    def named(self, name: str, kind: ShortcutKind) -> Shortcut:
        """The shortcut of this kind with this name or callback_id. Raises Impossible."""
        fitting = [one for one in self.offered() if one.kind is kind]
        for one in fitting:
            if name in {one.callback_id, one.name}:
                return one
        there = ", ".join(f"{one.name!r} ({one.callback_id})" for one in fitting) or "none"
        raise Impossible(f"the app has no {kind} shortcut {name!r}; there are: {there}")

    async def use(self, person: Person, name: str) -> Outcome:
        """A global shortcut, from the composer or from search."""
        shortcut = self.named(name, ShortcutKind.GLOBAL)
        return await hand_over(self._delivery, self._payloads.global_shortcut(person, shortcut.callback_id))

    async def use_on(self, person: Person, message: Message, name: str) -> Outcome:
        """A message shortcut, from the message's menu."""
        shortcut = self.named(name, ShortcutKind.MESSAGE)
        conversation = self._workspace.conversations.get(message.channel)
        if conversation is None:
            raise Impossible(f"there is no channel {message.channel!r}")
        if message.is_ephemeral:
            raise Impossible(f"message {message.ts} is visible to one person only, and has no shortcuts")
        payload = self._payloads.message_shortcut(person, conversation, message, shortcut.callback_id)
        return await hand_over(self._delivery, payload)
