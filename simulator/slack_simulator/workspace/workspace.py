"""The workspace: its people, conversations, messages, views and everything still open, in memory.

Holds what is true and answers questions about it. It neither listens nor sends: `slack_simulator.webapi` changes it for
the app, `slack_simulator.interactions` for people, `slack_simulator.control` and the page show it.
"""

from collections.abc import Mapping

from slack_simulator.base.changes import Changes
from slack_simulator.base.clock import Clock
from slack_simulator.base.inspector import Inspector
from slack_simulator.base.json_types import JsonObject
from slack_simulator.blocks.state import Here
from slack_simulator.faults.faults import Faults
from slack_simulator.workspace.conversations import Conversation, Conversations
from slack_simulator.workspace.files import File, Files
from slack_simulator.workspace.handles import Handles, ResponseUrl
from slack_simulator.workspace.messages import Message, Messages
from slack_simulator.workspace.scheduled import Scheduled, ScheduledMessage
from slack_simulator.workspace.spec import Person, WorkspaceSpec
from slack_simulator.workspace.views import View, Views

#: What answers and payloads say, and notifications read, of a message that has blocks and no text.
NOTHING_TO_READ = "This content can't be displayed."


class Workspace:
    """Everything one simulated Slack workspace remembers."""

    def __init__(self, spec: WorkspaceSpec, clock: Clock | None = None) -> None:
        """An untouched workspace as the spec describes it; the clock may be one that a test moves."""
        self.spec = spec
        self.clock = clock or Clock()
        self.changes = Changes()
        self.inspector = Inspector(self.clock, self.changes)
        self.faults = Faults(self.clock, self.inspector)
        self.conversations = Conversations(spec)
        self.messages = Messages(self.clock, self.changes)
        self.files = Files(self.clock)
        self.scheduled = Scheduled(self.clock)
        self.views = Views(self.clock)
        self.handles = Handles(self.clock)
        self.bot = Person(spec.bot_name, spec.bot_user_id, spec.bot_name, "", is_bot=True)
        #: Where the server listens; known once it does.
        self.base_url = ""
        self._people = {person.slack_id: person for person in (*spec.people, self.bot)}
        #: Kept until somebody is renamed: every shown message asks for it.
        self._names: Mapping[str, str] | None = None

    def people(self) -> list[Person]:
        """Everyone, the app's bot last."""
        return list(self._people.values())

    def person(self, slack_id: str) -> Person | None:
        """The account with this Slack id."""
        return self._people.get(slack_id)

    def person_called(self, name: str) -> Person | None:
        """The account with this Slack id or name, with or without the at sign."""
        bare = name.removeprefix("@")
        return self._people.get(bare) or next((one for one in self._people.values() if one.name == bare), None)

    def change_person(self, person: Person) -> None:
        """Put new facts in place of those of the same slack_id."""
        self._people[person.slack_id] = person
        self._names = None
        self.changes.record()

    def names(self) -> Mapping[str, str]:
        """What to show for each user and channel id."""
        if self._names is None:
            channels = {one.id: one.name for one in self.conversations.all() if not one.is_im}
            self._names = {person.slack_id: person.name for person in self._people.values()} | channels
        return self._names

    def looking_at(self, channel: str | None) -> Here:
        """This conversation, as `default_to_current_conversation` finds it."""
        conversation = None if channel is None else self.conversations.get(channel)

        def here(filtered: JsonObject) -> str | None:
            is_found = conversation is not None and conversation.passes(filtered, self.spec.bot_user_id)
            return conversation.id if conversation is not None and is_found else None

        return here

    def direct_message_with_bot(self, slack_id: str) -> Conversation:
        """The direct message between this person and the app, opened if need be."""
        return self.conversations.direct_message(slack_id, self.spec.bot_user_id)[0]

    def app_message(
        self,
        channel: str,
        text: str,
        blocks: list[JsonObject],
        *,
        thread_ts: str | None = None,
        only_for: str | None = None,
        metadata: JsonObject | None = None,
        attachments: list[JsonObject] | None = None,
        is_broadcast: bool = False,
        files: list[str] | None = None,
    ) -> Message:
        """Post a message as the app; `files` are ids. An ephemeral one may get lost, and nobody is told."""
        is_lost = only_for is not None and self.faults.take("ephemeral_lost") is not None
        return self.messages.add(
            Message(
                channel=channel,
                ts=self.messages.next_ts(),
                user=self.spec.bot_user_id,
                text=text,
                blocks=blocks,
                attachments=attachments or [],
                files=files or [],
                thread_ts=thread_ts,
                is_broadcast=is_broadcast,
                bot_id=self.spec.bot_id,
                app_id=self.spec.app_id,
                only_for=only_for,
                metadata=metadata,
                deleted=is_lost,
            )
        )

    def schedule(self, message: ScheduledMessage) -> None:
        """Post it as the app when its time has come, if the conversation still takes it."""
        self.scheduled.add(message, self._post_scheduled)

    def _post_scheduled(self, message: ScheduledMessage) -> None:
        conversation = self.conversations.get(message.channel)
        if message.has_metadata or conversation is None or conversation.is_archived:
            return
        self.app_message(
            message.channel,
            message.text,
            message.blocks,
            thread_ts=message.thread_ts,
            attachments=message.attachments,
            is_broadcast=message.is_broadcast,
        )

    def slackbot_notice(self, channel: str, user: str, text: str) -> Message:
        """Tell one person in a conversation what Slack itself would tell them, such as a command that failed."""
        return self.messages.add(
            Message(channel=channel, ts=self.messages.next_ts(), user="USLACKBOT", text=text, only_for=user)
        )

    def new_response_url(self, user: str, channel: str, message: Message | None = None) -> str:
        """The full url at which the app may answer this interaction."""
        handle = ResponseUrl(
            user=user,
            channel=channel,
            made_at=self.clock.now(),
            message_ts=None if message is None else message.ts,
        )
        return f"{self.base_url}/response/{self.spec.team_id}/{self.handles.new_response_url(handle)}"

    def message_json(self, message: Message) -> JsonObject:
        """The message object as the Web API and payloads carry it."""
        text = message.text or (NOTHING_TO_READ if message.blocks else "")
        described: JsonObject = {"type": "message", "user": message.user, "text": text, "ts": message.ts}
        if message.bot_id is not None:
            described |= {"bot_id": message.bot_id, "app_id": message.app_id, "team": self.spec.team_id}
            described["bot_profile"] = {
                "id": message.bot_id,
                "app_id": message.app_id,
                "name": self.spec.bot_name,
                "deleted": False,
                "updated": 0,
                "team_id": self.spec.team_id,
            }
        if message.blocks:
            described["blocks"] = message.blocks
        if message.attachments:
            described["attachments"] = message.attachments
        if message.files:
            files = [self.files.get(file_id) for file_id in message.files]
            described |= {"files": [self.file_json(file) for file in files if file is not None], "upload": True}
        if message.thread_ts is not None:
            described |= {"thread_ts": message.thread_ts}
            if message.is_broadcast:
                described["subtype"] = "thread_broadcast"
        if message.metadata is not None:
            described["metadata"] = message.metadata
        if message.edited_ts is not None:
            described["edited"] = {"user": message.edited_by, "ts": message.edited_ts}
        return described

    def file_json(self, file: File) -> JsonObject:
        """The file object as the Web API and messages carry it."""
        shared: dict[str, list[str]] = {}
        for channel in file.channels:
            conversation = self.conversations.get(channel)
            if conversation is not None:
                shared.setdefault(conversation.kind, []).append(channel)
        return self.files.to_json(file, self.base_url, self.spec.team_id, shared)

    def view_json(self, view: View) -> JsonObject:
        """The view object as the Web API and payloads carry it."""
        content = view.content
        return {
            "id": view.id,
            "team_id": self.spec.team_id,
            "type": view.type,
            "title": content.get("title"),
            "submit": content.get("submit"),
            "close": content.get("close"),
            "blocks": view.blocks,
            "private_metadata": content.get("private_metadata", ""),
            "callback_id": content.get("callback_id", ""),
            "external_id": content.get("external_id", ""),
            "state": {"values": view.values},
            "hash": view.hash,
            "clear_on_close": bool(content.get("clear_on_close", False)),
            "notify_on_close": bool(content.get("notify_on_close", False)),
            "submit_disabled": False,
            "root_view_id": view.root_view_id,
            "previous_view_id": view.previous_view_id,
            "app_id": self.spec.app_id,
            "app_installed_team_id": self.spec.team_id,
            "bot_id": self.spec.bot_id,
        }
