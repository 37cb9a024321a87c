"""users.* and reactions.add: who is in the workspace (docs.slack.dev/reference/objects/user-object)."""

import re

from slack_simulator.base.json_types import JsonObject
from slack_simulator.webapi.call import Call
from slack_simulator.webapi.errors import SlackError
from slack_simulator.webapi.pagination import page_of
from slack_simulator.webapi.scopes import EMAIL
from slack_simulator.workspace.spec import Person, WorkspaceSpec

#: The sizes of a profile's pictures.
PICTURES = (24, 32, 48, 72, 192, 512)
#: The form of an emoji's name; which ones a real workspace has is not known here.
EMOJI = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")
TIMESTAMP = re.compile(r"[0-9]+\.[0-9]{6}")
#: Slack's colours of names; a stable one for each account.
COLORS = ("9f69e7", "4bbe2e", "e7392d", "3c989f", "674b1b", "e96699", "e0a729", "684b6c", "5b89d5", "2b6836")


def info(call: Call) -> JsonObject:
    """users.info."""
    return {"user": person_json(call.known_person(), call.workspace.spec)}


def list_people(call: Call) -> JsonObject:
    """users.list, in pages."""
    people, metadata = page_of(call, call.workspace.people(), default=None)
    members = [person_json(person, call.workspace.spec) for person in people]
    return {
        "members": members,
        "cache_ts": int(call.workspace.clock.now()),
        "response_metadata": metadata,
    }


def lookup_by_email(call: Call) -> JsonObject:
    """users.lookupByEmail: active people of this workspace only."""
    email, spec = call.required("email").casefold(), call.workspace.spec
    for person in call.workspace.people():
        is_ours = person.team_id in {None, spec.team_id} and not person.is_stranger
        if is_ours and person.email.casefold() == email and not person.deleted:
            return {"user": person_json(person, spec)}
    raise SlackError("users_not_found")


def add_reaction(call: Call) -> JsonObject:
    """reactions.add, as the app."""
    name, timestamp = call.text("name"), call.text("timestamp")
    if name is None or EMOJI.fullmatch(name) is None:
        raise SlackError("invalid_name")
    if call.text("channel") is None or timestamp is None:
        raise SlackError("no_item_specified")
    if TIMESTAMP.fullmatch(timestamp) is None:
        raise SlackError("bad_timestamp")
    conversation = call.conversation_with_id()
    if conversation.is_archived:
        raise SlackError("is_archived")
    message = call.workspace.messages.get(conversation.id, timestamp)
    if message is None or message.is_ephemeral:
        raise SlackError("message_not_found")
    who = message.reactions.setdefault(name, [])
    if call.workspace.spec.bot_user_id in who:
        raise SlackError("already_reacted")
    who.append(call.workspace.spec.bot_user_id)
    call.workspace.messages.touch(message)
    return {}


def person_json(person: Person, spec: WorkspaceSpec) -> JsonObject:
    """The user object of users.info; a deactivated account lacks most flags, as in Slack.

    `is_stranger` is there only for those who are one, the e-mail only if the app may read it.
    """
    team_id = person.team_id or spec.team_id
    described: JsonObject = {
        "id": person.slack_id,
        "team_id": team_id,
        "name": person.name,
        "deleted": person.deleted,
        "profile": _profile(person, spec, team_id),
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": 0,
    }
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
        "is_admin": person.is_admin or person.is_owner or person.is_primary_owner,
        "is_owner": person.is_owner or person.is_primary_owner,
        "is_primary_owner": person.is_primary_owner,
        "is_restricted": person.is_restricted or person.is_ultra_restricted,
        "is_ultra_restricted": person.is_ultra_restricted,
        "is_email_confirmed": person.is_email_confirmed and not person.is_bot,
        "who_can_share_contact_card": "EVERYONE",
    }


def _profile(person: Person, spec: WorkspaceSpec, team_id: str) -> JsonObject:
    """What people say of themselves; a bot's says which app it belongs to. Pictures lead nowhere."""
    first_name, _, last_name = person.real_name.partition(" ")
    profile: JsonObject = {
        "title": "",
        "phone": "",
        "skype": "",
        "real_name": person.real_name,
        "real_name_normalized": person.real_name,
        "display_name": person.name,
        "display_name_normalized": person.name,
        "fields": None,
        "status_text": "",
        "status_emoji": "",
        "status_expiration": 0,
        "avatar_hash": "",
        "first_name": first_name,
        "last_name": last_name,
        "team": team_id,
        **{f"image_{size}": f"https://avatars.invalid/{person.slack_id}-{size}.png" for size in PICTURES},
    }
    if person.is_bot:
        is_own = person.slack_id == spec.bot_user_id
        profile |= {
            "always_active": True,
            "bot_id": "B" + person.slack_id[1:],
            "api_app_id": spec.app_id if is_own else "",
        }
    elif person.email and spec.grants(EMAIL):
        profile["email"] = person.email
    return profile
