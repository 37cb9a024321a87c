"""The payloads that Slack sends to an app when a person acts (docs.slack.dev/reference/interaction-payloads).

Builds plain JSON from the workspace; sends nothing. Each payload carries a fresh trigger_id where Slack's does.
"""

from slack_simulator.base.json_types import JsonObject
from slack_simulator.blocks.state import elements_of
from slack_simulator.workspace.conversations import Conversation
from slack_simulator.workspace.messages import Message
from slack_simulator.workspace.spec import Person
from slack_simulator.workspace.views import View
from slack_simulator.workspace.workspace import Workspace

#: The deprecated verification token; apps must not rely on it, so it says nothing.
VERIFICATION_TOKEN = "simulator-verification-token"  # noqa: S105 - not a secret


class Payloads:
    """Builds payloads for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        """The workspace whose facts fill the payloads."""
        self._workspace = workspace

    def slash_command(self, person: Person, conversation: Conversation, command: str, text: str) -> JsonObject:
        """A slash command: flat, as in the form that Slack posts."""
        spec = self._workspace.spec
        return {
            "token": VERIFICATION_TOKEN,
            "team_id": person.team_id or spec.team_id,
            "team_domain": spec.domain,
            "channel_id": conversation.id,
            "channel_name": channel_name(conversation),
            "user_id": person.slack_id,
            "user_name": person.name,
            "command": command,
            "text": text,
            "api_app_id": spec.app_id,
            "is_enterprise_install": "false",
            "response_url": self._workspace.new_response_url(person.slack_id, conversation.id),
            "trigger_id": self._workspace.handles.new_trigger(person.slack_id, channel=conversation.id),
        }

    def message_action(
        self, person: Person, conversation: Conversation, message: Message, action: JsonObject
    ) -> JsonObject:
        """block_actions on a message; an ephemeral one is not quoted, as in Slack."""
        container: JsonObject = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": conversation.id,
            "is_ephemeral": message.is_ephemeral,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        payload = self._interaction("block_actions", person) | {
            "container": container,
            "trigger_id": self._workspace.handles.new_trigger(person.slack_id, channel=conversation.id),
            "channel": {"id": conversation.id, "name": channel_name(conversation)},
            "state": {"values": message.state.get(person.slack_id, {})},
            "response_url": self._workspace.new_response_url(person.slack_id, conversation.id, message),
            "actions": [action],
        }
        if not message.is_ephemeral:
            payload["message"] = self._workspace.message_json(message)
        return payload

    def view_action(self, person: Person, view: View, action: JsonObject) -> JsonObject:
        """block_actions inside a modal or an App Home."""
        from_view = view.id if view.type == "modal" else None
        return self._interaction("block_actions", person) | {
            "container": {"type": "view", "view_id": view.id},
            "trigger_id": self._workspace.handles.new_trigger(person.slack_id, from_view),
            "view": self._workspace.view_json(view),
            "actions": [action],
        }

    def view_submission(self, person: Person, view: View) -> JsonObject:
        """The person pressed the modal's submit button."""
        return self._interaction("view_submission", person) | {
            "trigger_id": self._workspace.handles.new_trigger(person.slack_id, view.id),
            "view": self._workspace.view_json(view),
            "response_urls": self._response_urls(person, view),
        }

    def view_closed(self, person: Person, view: View, *, is_cleared: bool) -> JsonObject:
        """The person closed a modal that asked to be told."""
        return self._interaction("view_closed", person) | {
            "view": self._workspace.view_json(view),
            "is_cleared": is_cleared,
        }

    def suggestion(
        self, person: Person, source: View | Message, block_id: str, action_id: str, typed: str
    ) -> JsonObject:
        """block_suggestion: the person types into an external select."""
        payload = self._interaction("block_suggestion", person) | {
            "action_id": action_id,
            "block_id": block_id,
            "value": typed,
        }
        if isinstance(source, View):
            return payload | {
                "container": {"type": "view", "view_id": source.id},
                "view": self._workspace.view_json(source),
            }
        conversation = self._workspace.conversations.get(source.channel)
        return payload | {
            "container": {"type": "message", "message_ts": source.ts, "channel_id": source.channel},
            "channel": {"id": source.channel, "name": channel_name(conversation) if conversation else ""},
            "message": self._workspace.message_json(source),
        }

    def global_shortcut(self, person: Person, callback_id: str) -> JsonObject:
        """shortcut: neither a channel nor a response_url, and a user without `name`, as in Slack."""
        payload = self._shortcut("shortcut", person, callback_id)
        del payload["user"]["name"]
        return payload

    def message_shortcut(
        self, person: Person, conversation: Conversation, message: Message, callback_id: str
    ) -> JsonObject:
        """message_action, with the whole message. Its response_url can replace messages of the app only."""
        original = message if message.app_id == self._workspace.spec.app_id else None
        return self._shortcut("message_action", person, callback_id, conversation.id) | {
            "response_url": self._workspace.new_response_url(person.slack_id, conversation.id, original),
            "message_ts": message.ts,
            "channel": {"id": conversation.id, "name": channel_name(conversation)},
            "message": self._workspace.message_json(message),
        }

    def _response_urls(self, person: Person, view: View) -> list[JsonObject]:
        """One for each conversation that was chosen in an input with `response_url_enabled`."""
        found: list[JsonObject] = []
        for block in view.blocks:
            for element in elements_of(block):
                if not element.get("response_url_enabled"):
                    continue
                state = view.values[block["block_id"]][element["action_id"]]
                channel = state.get("selected_conversation") or state.get("selected_channel")
                if channel is not None:
                    url = self._workspace.new_response_url(person.slack_id, channel)
                    named = {"block_id": block["block_id"], "action_id": element["action_id"]}
                    found.append(named | {"channel_id": channel, "response_url": url})
        return found

    def _shortcut(self, kind: str, person: Person, callback_id: str, channel: str | None = None) -> JsonObject:
        payload = self._interaction(kind, person) | {
            "action_ts": self._workspace.messages.next_ts(),
            "callback_id": callback_id,
            "trigger_id": self._workspace.handles.new_trigger(person.slack_id, channel=channel),
        }
        del payload["api_app_id"]
        return payload

    def event(self, event: JsonObject, event_id: str) -> JsonObject:
        """The outer event_callback of the Events API."""
        spec = self._workspace.spec
        return {
            "token": VERIFICATION_TOKEN,
            "team_id": spec.team_id,
            "context_team_id": spec.team_id,
            "context_enterprise_id": None,
            "api_app_id": spec.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": int(self._workspace.clock.now()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": spec.team_id,
                    "user_id": spec.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
        }

    def _interaction(self, kind: str, person: Person) -> JsonObject:
        spec = self._workspace.spec
        return {
            "type": kind,
            "team": {"id": spec.team_id, "domain": spec.domain},
            "user": {
                "id": person.slack_id,
                "username": person.name,
                "name": person.name,
                "team_id": person.team_id or spec.team_id,
            },
            "api_app_id": spec.app_id,
            "token": VERIFICATION_TOKEN,
            "enterprise": None,
            "is_enterprise_install": False,
        }


def channel_name(conversation: Conversation) -> str:
    """The name that payloads give a conversation; Slack hides those of private channels."""
    if conversation.is_im:
        return "directmessage"
    return "privategroup" if conversation.is_private else conversation.name
