"""conversations.*: channels and direct messages, as far as the app may know of them.

docs.slack.dev/reference/methods, family conversations. Each needs the scope of the conversation's own kind.
"""

from slack_simulator.base.json_types import JsonObject
from slack_simulator.webapi import scopes
from slack_simulator.webapi.call import Call
from slack_simulator.webapi.errors import SlackError
from slack_simulator.webapi.pagination import page_of
from slack_simulator.workspace.conversations import Conversation
from slack_simulator.workspace.spec import Person

#: docs.slack.dev/reference/methods/conversations.list and conversations.members: how many without a `limit`.
DEFAULT_PAGE = 100
#: docs.slack.dev/reference/methods/conversations.open: "at most 8 users".
MPIM_PEOPLE = 8


def open_direct_message(call: Call) -> JsonObject:
    """conversations.open: the direct message with one person, or the one of up to eight."""
    channel = call.text("channel")
    if channel is not None:
        found = call.workspace.conversations.get(channel)
        if found is None or call.workspace.spec.bot_user_id not in found.members:
            raise SlackError("channel_not_found")
        if found.kind not in {"im", "mpim"}:
            raise SlackError("method_not_supported_for_channel_type")
        scopes.require_kinds(call.workspace.spec, {found.kind}, scopes.WRITE)
        return _opened(call, found, was_open=True)
    ids = list(dict.fromkeys(one.strip() for one in (call.text("users") or "").split(",") if one.strip()))
    if not ids:
        raise SlackError("users_list_not_supplied")
    if len(ids) > MPIM_PEOPLE:
        raise SlackError("too_many_users")
    scopes.require_kinds(call.workspace.spec, {"im" if len(ids) == 1 else "mpim"}, scopes.WRITE)
    bot, conversations = call.workspace.spec.bot_user_id, call.workspace.conversations
    people = [_reachable(call, one) for one in ids]
    members = [bot, *(one.slack_id for one in people)]
    found = conversations.between(members)
    if found is None and call.flag("prevent_creation"):
        raise SlackError("channel_not_found")
    names = [one.name for one in (*people, call.workspace.bot)]
    return _opened(call, found or conversations.open(members, names), was_open=found is not None)


def _reachable(call: Call, user_id: str) -> Person:
    """Somebody whom the app may write to. Raises SlackError."""
    person = call.workspace.person(user_id)
    if person is None:
        raise SlackError("user_not_found")
    if person.deleted:
        raise SlackError("user_disabled")
    if person.is_bot:
        raise SlackError("cannot_dm_bot")
    return person


def _opened(call: Call, conversation: Conversation, *, was_open: bool) -> JsonObject:
    described = described_to_app(call, conversation) if call.flag("return_im") else {"id": conversation.id}
    return {"channel": described} | ({"no_op": True, "already_open": True} if was_open else {})


def info(call: Call) -> JsonObject:
    """conversations.info."""
    found = call.conversation_with_id()
    scopes.require_kind_of(call.workspace.spec, found)
    described = described_to_app(call, found)
    if call.flag("include_num_members"):
        described["num_members"] = len(found.members)
    if call.flag("include_locale"):
        described["locale"] = "en-US"
    return {"channel": described}


def members(call: Call) -> JsonObject:
    """conversations.members, in pages."""
    found = call.conversation_with_id()
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
    if found.kind != "public_channel":
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
    return described if conversation.kind in {"im", "mpim"} else described | {"num_members": len(conversation.members)}


def described_to_app(call: Call, conversation: Conversation) -> JsonObject:
    """The conversation object as the app sees it; a direct message tells whether its person is gone."""
    bot = call.workspace.spec.bot_user_id
    described = call.workspace.conversations.to_json(conversation, bot)
    if conversation.is_im:
        person = call.workspace.person(conversation.other_member(bot))
        described["is_user_deleted"] = person is not None and person.deleted
    return described
