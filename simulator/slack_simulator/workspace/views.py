"""Views: the stack of modals each person has open, and the App Home that the app published for them."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from slack_simulator.base.clock import Clock
from slack_simulator.base.json_types import JsonObject
from slack_simulator.blocks.state import Here, initial_values, nowhere

#: docs.slack.dev/surfaces/modals: a modal holds up to three views at a time.
STACK_LIMIT = 3

Values = dict[str, dict[str, dict[str, Any]]]


@dataclass
class View:
    """One modal or App Home as the app sent it, with what its user has filled in so far."""

    id: str
    user: str
    content: JsonObject
    hash: str
    root_view_id: str
    #: The conversation that the person looked at when the view was opened.
    here: Here = nowhere
    previous_view_id: str | None = None
    values: Values = field(default_factory=dict[str, dict[str, dict[str, Any]]])

    @property
    def type(self) -> str:
        """`modal` or `home`."""
        return str(self.content["type"])

    @property
    def title(self) -> str:
        """A modal's title."""
        return str(self.content["title"]["text"])

    @property
    def blocks(self) -> list[JsonObject]:
        """The view's blocks, ids filled in."""
        blocks: list[JsonObject] = self.content["blocks"]
        return blocks


class Views:
    """Who has which modals open (last on top), and each person's App Home."""

    def __init__(self, clock: Clock) -> None:
        """Hashes carry the workspace's time, as Slack's do."""
        self._clock = clock
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}

    def stack_of(self, user_id: str) -> list[View]:
        """The open modals of this user, last on top."""
        return self._stacks.get(user_id, [])

    def top_of(self, user_id: str) -> View | None:
        """The modal this user looks at."""
        stack = self.stack_of(user_id)
        return stack[-1] if stack else None

    def home_of(self, user_id: str) -> View | None:
        """The App Home published for this user."""
        return self._homes.get(user_id)

    def find(self, view_id: str | None, external_id: str | None) -> View | None:
        """An open modal or published home, by its id or by the app's own id."""
        everything = [view for stack in self._stacks.values() for view in stack] + list(self._homes.values())
        for view in everything:
            if view_id and view.id == view_id:
                return view
            if not view_id and external_id and view.content.get("external_id") == external_id:
                return view
        return None

    def open(self, user_id: str, content: JsonObject, here: Here = nowhere) -> View:
        """Show a first modal; it replaces whatever the user had open."""
        view = self._new(user_id, content, here)
        self._stacks[user_id] = [view]
        return view

    def push(self, user_id: str, content: JsonObject) -> View:
        """Put a modal on top of the user's stack. The caller has checked that there is room."""
        stack = self._stacks.setdefault(user_id, [])
        view = self._new(user_id, content, stack[0].here if stack else nowhere)
        if stack:
            view.root_view_id = stack[0].id
            view.previous_view_id = stack[-1].id
        stack.append(view)
        return view

    def replace(self, view: View, content: JsonObject) -> View:
        """Give an open view new content; what was typed stays where block_id, action_id and type stay."""
        kept = view.values
        view.content = content
        view.values = initial_values(view.blocks, view.here)
        for block_id, actions in view.values.items():
            for action_id, state in actions.items():
                before = kept.get(block_id, {}).get(action_id)
                if before is not None and before["type"] == state["type"]:
                    actions[action_id] = before
        view.hash = self._new_hash()
        return view

    def publish(self, user_id: str, content: JsonObject) -> View:
        """Show this App Home to the user from now on."""
        existing = self._homes.get(user_id)
        if existing is not None:
            return self.replace(existing, content)
        self._homes[user_id] = self._new(user_id, content, nowhere)
        return self._homes[user_id]

    def close_top(self, user_id: str) -> None:
        """Take away the modal on top, if there is one."""
        if self._stacks.get(user_id):
            self._stacks[user_id].pop()

    def close_all(self, user_id: str) -> None:
        """Take away all modals of this user."""
        self._stacks.pop(user_id, None)

    def _new(self, user_id: str, content: JsonObject, here: Here) -> View:
        view_id = "V0" + secrets.token_hex(5).upper()
        view = View(view_id, user_id, content, self._new_hash(), root_view_id=view_id, here=here)
        view.values = initial_values(view.blocks, here)
        return view

    def _new_hash(self) -> str:
        return f"{int(self._clock.now())}.{secrets.token_hex(4)}"
