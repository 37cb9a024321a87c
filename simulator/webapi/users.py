"""users.*, conversations.* and reactions.add: who and what is in the workspace."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from simulator.json_types import JsonObject
from simulator.spec import Person, WorkspaceSpec
from simulator.webapi.call import Call, SlackError

Item = TypeVar("Item")
#: docs.slack.dev/apis/web-api/pagination: the most that one page may hold.
PAGE_LIMIT = 1000
#: Slack's colours of names; a stable one for each account.
COLORS = ("9f69e7", "4bbe2e", "e7392d", "3c989f", "674b1b", "e96699", "e0a729", "684b6c", "5b89d5", "2b6836")


def info(call: Call) -> JsonObject:
    """users.info."""
    return {"user": person_json(call.known_person(), call.workspace.spec)}


def list_people(call: Call) -> JsonObject:
    """users.list, in pages."""
    people, cursor = page_of(call, call.workspace.people())
    members = [person_json(person, call.workspace.spec) for person in people]
    return {
        "members": members,
        "cache_ts": int(call.workspace.clock.now()),
        "response_metadata": {"next_cursor": cursor},
    }


def lookup_by_email(call: Call) -> JsonObject:
    """users.lookupByEmail: active people of this workspace only."""
    email = call.required("email").casefold()
    for person in call.workspace.people():
        if person.email.casefold() == email and not person.deleted:
            return {"user": person_json(person, call.workspace.spec)}
    raise SlackError("users_not_found")


def open_conversation(call: Call) -> JsonObject:
    """conversations.open: the direct message with one person."""
    channel = call.text("channel")
    if channel is not None:
        found = call.workspace.conversations.get(channel)
        if found is None or not found.is_im:
            raise SlackError("channel_not_found")
        return {"channel": {"id": found.id}, "no_op": True, "already_open": True}
    ids = [one for one in (call.text("users") or "").split(",") if one]
    if not ids:
        raise SlackError("users_list_not_supplied")
    if len(ids) > 1:
        raise SlackError("method_not_supported_for_channel_type")
    person = call.workspace.person(ids[0])
    if person is None:
        raise SlackError("user_not_found")
    if person.deleted:
        raise SlackError("user_disabled")
    bot = call.workspace.spec.bot_user_id
    opened, already = call.workspace.conversations.direct_message(person.slack_id, bot)
    described = call.workspace.conversations.to_json(opened, bot) if call.flag("return_im") else {"id": opened.id}
    return {"channel": described, "no_op": already, "already_open": already}


def conversation_info(call: Call) -> JsonObject:
    """conversations.info."""
    found = call.visible_conversation()
    return {"channel": call.workspace.conversations.to_json(found, call.workspace.spec.bot_user_id)}


def conversation_members(call: Call) -> JsonObject:
    """conversations.members, in pages."""
    members, cursor = page_of(call, call.visible_conversation().members)
    return {"members": list(members), "response_metadata": {"next_cursor": cursor}}


def list_conversations(call: Call) -> JsonObject:
    """conversations.list, in pages; private ones only where the app is a member."""
    kinds = set((call.text("types") or "public_channel").split(","))
    unknown = kinds - {"public_channel", "private_channel", "im", "mpim"}
    if unknown:
        raise SlackError("invalid_types")
    bot = call.workspace.spec.bot_user_id
    wanted = [
        one
        for one in call.workspace.conversations.all()
        if (bot in one.members or not one.is_private)
        and ("im" if one.is_im else "private_channel" if one.is_private else "public_channel") in kinds
    ]
    shown, cursor = page_of(call, wanted)
    described = [call.workspace.conversations.to_json(one, bot) for one in shown]
    return {"channels": described, "response_metadata": {"next_cursor": cursor}}


def add_reaction(call: Call) -> JsonObject:
    """reactions.add, as the app."""
    name = call.required("name").strip(":")
    if not all(part.replace("_", "").replace("-", "").replace("+", "").isalnum() for part in name.split("::")):
        raise SlackError("invalid_name")
    conversation = call.visible_conversation()
    message = call.workspace.messages.get(conversation.id, call.required("timestamp"))
    if message is None or message.is_ephemeral:
        raise SlackError("message_not_found")
    who = message.reactions.setdefault(name, [])
    if call.workspace.spec.bot_user_id in who:
        raise SlackError("already_reacted")
    who.append(call.workspace.spec.bot_user_id)
    call.workspace.messages.touch(message)
    return {}


def person_json(person: Person, spec: WorkspaceSpec) -> JsonObject:
    """The user object of users.info; a deactivated account lacks most flags, as in Slack."""
    team_id = person.team_id or spec.team_id
    described: JsonObject = {
        "id": person.slack_id,
        "team_id": team_id,
        "name": person.name,
        "deleted": person.deleted,
        "profile": {
            "real_name": person.real_name,
            "real_name_normalized": person.real_name,
            "display_name": person.name,
            "display_name_normalized": person.name,
            "first_name": person.real_name.partition(" ")[0],
            "last_name": person.real_name.partition(" ")[2],
            "title": "",
            "status_text": "",
            "status_emoji": "",
            "team": team_id,
        },
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": 0,
    }
    if person.email:
        described["profile"]["email"] = person.email
    if person.is_stranger:
        described["is_stranger"] = True
    if person.deleted:
        return described
    return described | {
        "color": COLORS[sum(person.slack_id.encode()) % len(COLORS)],
        "real_name": person.real_name,
        "tz": "Etc/UTC",
        "tz_label": "Coordinated Universal Time",
        "tz_offset": 0,
        "is_admin": person.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": person.is_restricted,
        "is_ultra_restricted": person.is_ultra_restricted,
        "is_email_confirmed": person.is_email_confirmed,
    }


def page_of(call: Call, everything: Sequence[Item]) -> tuple[Sequence[Item], str]:
    """The page that `limit` and `cursor` ask for, and the cursor of the next one ("" at the end)."""
    limit = call.number("limit", PAGE_LIMIT, PAGE_LIMIT)
    start = _offset(call.text("cursor"))
    end = start + limit
    cursor = base64.b64encode(f"offset:{end}".encode()).decode() if end < len(everything) else ""
    return everything[start:end], cursor


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        kind, _, offset = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as problem:
        raise SlackError("invalid_cursor") from problem
    if kind != "offset" or not offset.isdecimal():
        raise SlackError("invalid_cursor")
    return int(offset)
