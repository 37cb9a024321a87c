"""What people do in a workspace, all of it in one place: type, tap, submit and close, open the App Home.

Each interaction becomes a payload, waits for the app's ack, and carries out what the ack says. The outcome tells what
the person would see; a missed ack is told as Slack tells it.
"""

from slack_simulator.base.json_types import JsonObject
from slack_simulator.delivery.delivery import Delivery
from slack_simulator.delivery.events import Events
from slack_simulator.delivery.payloads import Payloads
from slack_simulator.interactions.block_actions import BlockActions
from slack_simulator.interactions.composer import Composer
from slack_simulator.interactions.shortcuts import Shortcuts
from slack_simulator.interactions.submissions import Submissions
from slack_simulator.webapi.methods.users import person_json
from slack_simulator.workspace.spec import Person
from slack_simulator.workspace.workspace import Workspace


class Interactions:
    """The interactions of people in one workspace, by where they happen."""

    def __init__(self, workspace: Workspace, delivery: Delivery) -> None:
        """Payloads go to the app by `delivery`."""
        payloads = Payloads(workspace)
        self._workspace = workspace
        self.events = Events(workspace, delivery, payloads)
        self.composer = Composer(workspace, delivery, payloads, self.events)
        self.block_actions = BlockActions(workspace, delivery, payloads)
        self.submissions = Submissions(workspace, delivery, payloads)
        self.shortcuts = Shortcuts(workspace, delivery, payloads)

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
