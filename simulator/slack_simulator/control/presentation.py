"""Messages, views and people as the control API and the page show them: Slack's JSON plus the visible words."""

import re
from collections.abc import Iterator

from slack_simulator.base.json_types import JsonObject, as_list, as_object
from slack_simulator.blocks.plain import plain_attachments, plain_blocks, plain_mrkdwn, plain_view
from slack_simulator.manifest.manifest import Shortcut
from slack_simulator.workspace.conversations import Conversation
from slack_simulator.workspace.files import File
from slack_simulator.workspace.messages import Message
from slack_simulator.workspace.spec import Person, WorkspaceSpec
from slack_simulator.workspace.views import View
from slack_simulator.workspace.workspace import Workspace


def shown_message(workspace: Workspace, message: Message) -> JsonObject:
    """One message; `plain` is what a person reads: its blocks or else its text, and then its attachments."""
    names = workspace.names()
    person = workspace.person(message.user)
    own = plain_blocks(message.blocks, names) if message.blocks else plain_mrkdwn(message.text, names)
    attached = plain_attachments(message.attachments, names)
    conversation = workspace.conversations.get(message.channel)
    return {
        "channel": message.channel,
        "channel_name": shown_name(workspace, conversation, None) if conversation else "",
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "is_broadcast": message.is_broadcast,
        "user": message.user,
        "user_name": person.name if person else "slackbot",
        "bot_id": message.bot_id,
        "is_bot": message.bot_id is not None,
        "text": message.text,
        "blocks": message.blocks,
        "attachments": message.attachments,
        "pictures": _pictures(workspace, [*message.blocks, *message.attachments]),
        "files": workspace.message_json(message).get("files", []),
        "metadata": message.metadata,
        "ephemeral": message.is_ephemeral,
        "only_for": message.only_for,
        "edited": message.edited_ts is not None,
        "reactions": [{"name": name, "users": users, "count": len(users)} for name, users in message.reactions.items()],
        "plain": "\n".join(words for words in (own, attached) if words),
        "revision": message.revision,
    }


def shown_view(workspace: Workspace, view: View) -> JsonObject:
    """One view, with what is filled in and what a person reads."""
    plain = plain_view(view.content, workspace.names())
    return workspace.view_json(view) | {"plain": plain, "pictures": _pictures(workspace, view.blocks)}


def shown_person(workspace: Workspace, person: Person) -> JsonObject:
    """One account, with the flags that make it special."""
    flags = (
        "is_admin",
        "is_owner",
        "is_bot",
        "deleted",
        "is_restricted",
        "is_ultra_restricted",
        "is_stranger",
        "is_email_confirmed",
    )
    return {
        "name": person.name,
        "slack_id": person.slack_id,
        "real_name": person.real_name,
        "email": person.email,
        "team_id": person.team_id or workspace.spec.team_id,
        **{flag: getattr(person, flag) for flag in flags},
    }


def shown_app(spec: WorkspaceSpec) -> JsonObject:
    """The app as people find it; without a manifest it has a Home and takes messages."""
    manifest = spec.manifest
    return {
        "id": spec.app_id,
        "name": spec.bot_name,
        "user": spec.bot_user_id,
        "has_home_tab": manifest is None or manifest.has_home_tab,
        "has_messages_tab": manifest is None or manifest.has_messages_tab,
        "is_messages_tab_read_only": manifest is not None and manifest.is_messages_tab_read_only,
    }


def shown_commands(spec: WorkspaceSpec) -> list[JsonObject]:
    """What the composer offers after a slash; empty for an app that takes every command and has no manifest."""
    if spec.manifest is None:
        return [{"command": name, "description": "", "usage_hint": ""} for name in spec.commands]
    return [
        {"command": one.command, "description": one.description, "usage_hint": one.usage_hint}
        for one in spec.manifest.commands
    ]


def shown_shortcut(shortcut: Shortcut) -> JsonObject:
    """One entry of the shortcuts menu (kind global) or of a message's menu (kind message)."""
    return {
        "name": shortcut.name,
        "callback_id": shortcut.callback_id,
        "kind": str(shortcut.kind),
        "description": shortcut.description,
    }


def shown_conversation(workspace: Workspace, conversation: Conversation, viewer: str) -> JsonObject:
    """One entry of a person's sidebar."""
    seen = workspace.messages.seen_in(conversation.id, viewer, limit=1)
    return {
        "id": conversation.id,
        "name": shown_name(workspace, conversation, viewer),
        "is_im": conversation.is_im,
        "is_mpim": conversation.is_mpim,
        "is_private": conversation.is_private,
        "is_ext_shared": conversation.is_ext_shared,
        "topic": conversation.topic,
        "members": conversation.members,
        "user": conversation.other_member(viewer) if conversation.is_im else None,
        "last_ts": seen[-1].ts if seen else None,
    }


def shown_name(workspace: Workspace, conversation: Conversation, viewer: str | None) -> str:
    """A channel's name; a direct message goes by the names of those in it, without the viewer's own."""
    if not (conversation.is_im or conversation.is_mpim):
        return conversation.name
    others = [member for member in conversation.members if member != viewer] or conversation.members
    people = [workspace.person(member) for member in others]
    return ", ".join(person.name for person in people if person is not None)


def _pictures(workspace: Workspace, shown: list[JsonObject]) -> dict[str, str]:
    """Where the page finds the pictures that stand here as a `slack_file`, by the id or url that the app gave.

    Files that are not there, or are no pictures, are left out.
    """
    found: dict[str, str] = {}
    for given in _slack_files(shown):
        key = given.get("id") or given.get("url")
        file = _file_called(workspace, key) if isinstance(key, str) else None
        if file is not None and file.content is not None and file.mimetype.startswith("image/"):
            found[str(key)] = workspace.file_json(file)["url_private"].removeprefix(workspace.base_url)
    return found


def _slack_files(shown: object) -> Iterator[JsonObject]:
    """Every `slack_file` in blocks, wherever it stands."""
    holder = as_object(shown)
    for name, one in (holder or {}).items():
        file = as_object(one) if name == "slack_file" else None
        yield from _slack_files(one) if file is None else [file]
    for one in as_list(shown) or []:
        yield from _slack_files(one)


def _file_called(workspace: Workspace, key: str) -> File | None:
    """The file with this id, url_private or permalink."""
    address = re.fullmatch(rf"{re.escape(workspace.base_url)}/(?:files-pri/[^/]*-|files/[^/]*/)(\w+)/.*", key)
    return workspace.files.get(key if address is None else address.group(1))
