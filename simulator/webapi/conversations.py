"""conversations.*: channels and direct messages, as far as the app may know of them.

docs.slack.dev/reference/methods, family conversations. Each needs the scope of the conversation's own kind.
"""

from simulator.conversations import Conversation
from simulator.json_types import JsonObject
from simulator.webapi import scopes
from simulator.webapi.call import Call
from simulator.webapi.errors import SlackError
from simulator.webapi.pages import page_of

#: docs.slack.dev/reference/methods/conversations.list and conversations.members: how many without a `limit`.
DEFAULT_PAGE = 100


def open_direct_message(call: Call) -> JsonObject:
    """conversations.open: the direct message with one person; the simulator has none of several people."""
    channel = call.text("channel")
    if channel is not None:
        found = call.workspace.conversations.get(channel)
        if found is None or not found.is_im:
            raise SlackError("channel_not_found")
        scopes.require_kinds(call.workspace.spec, {"im"}, scopes.WRITE)
        return {"channel": {"id": found.id}, "no_op": True, "already_open": True}
    ids = [one.strip() for one in (call.text("users") or "").split(",") if one.strip()]
    if not ids:
        raise SlackError("users_list_not_supplied")
    if len(ids) > 1:
        scopes.require_kinds(call.workspace.spec, {"mpim"}, scopes.WRITE)
        raise SlackError("method_not_supported_for_channel_type")
    scopes.require_kinds(call.workspace.spec, {"im"}, scopes.WRITE)
    person = call.workspace.person(ids[0])
    if person is None:
        raise SlackError("user_not_found")
    if person.deleted:
        raise SlackError("user_disabled")
    bot = call.workspace.spec.bot_user_id
    if person.is_bot:
        raise SlackError("cannot_dm_bot")
    opened, already = call.workspace.conversations.direct_message(person.slack_id, bot)
    described = described_to_app(call, opened) if call.flag("return_im") else {"id": opened.id}
    return {"channel": described, "no_op": already, "already_open": already}


def info(call: Call) -> JsonObject:
    """conversations.info."""
    found = call.visible_conversation()
    scopes.require_kind_of(call.workspace.spec, found)
    described = described_to_app(call, found)
    if call.flag("include_num_members") and not found.is_im:
        described["num_members"] = len(found.members)
    if call.flag("include_locale"):
        described["locale"] = "en-US"
    return {"channel": described}


def members(call: Call) -> JsonObject:
    """conversations.members, in pages."""
    found = call.visible_conversation()
    scopes.require_kind_of(call.workspace.spec, found)
    shown, metadata = page_of(call, found.members, DEFAULT_PAGE)
    return {"members": list(shown), "response_metadata": metadata}


def list_all(call: Call) -> JsonObject:
    """conversations.list, in pages; private ones only where the app is a member."""
    kinds = {one.strip() for one in (call.text("types") or "public_channel").split(",")}
    if kinds - set(scopes.READ):
        raise SlackError("invalid_types")
    scopes.require_kinds(call.workspace.spec, kinds)
    bot = call.workspace.spec.bot_user_id
    without_archived = call.flag("exclude_archived")
    wanted = [
        one
        for one in call.workspace.conversations.all()
        if (bot in one.members or not one.is_private)
        and one.kind in kinds
        and not (without_archived and one.is_archived)
    ]
    shown, metadata = page_of(call, wanted, DEFAULT_PAGE)
    described = [_listed(call, one) for one in shown]
    return {"channels": described, "response_metadata": metadata}


def join(call: Call) -> JsonObject:
    """conversations.join: public channels only; joining twice is a warning."""
    found = call.workspace.conversations.get(call.required("channel"))
    bot = call.workspace.spec.bot_user_id
    if found is None or (found.is_private and bot not in found.members):
        raise SlackError("channel_not_found")
    if found.is_private:
        raise SlackError("method_not_supported_for_channel_type")
    if found.is_archived:
        raise SlackError("is_archived")
    already = bot in found.members
    if not already:
        found.members.append(bot)
        call.workspace.changes.record()
    answer: JsonObject = {"channel": described_to_app(call, found)}
    if already:
        answer |= {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    return answer


def _listed(call: Call, conversation: Conversation) -> JsonObject:
    """An entry of conversations.list, which always says how many members a channel has."""
    described = described_to_app(call, conversation)
    return described if conversation.is_im else described | {"num_members": len(conversation.members)}


def described_to_app(call: Call, conversation: Conversation) -> JsonObject:
    """The conversation object as the app sees it; a direct message tells whether its person is gone."""
    bot = call.workspace.spec.bot_user_id
    described = call.workspace.conversations.to_json(conversation, bot)
    if conversation.is_im:
        person = call.workspace.person(conversation.other_member(bot))
        described["is_user_deleted"] = person is not None and person.deleted
    return described
