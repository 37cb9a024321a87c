"""users.* and reactions.add: who is in the workspace (docs.slack.dev/reference/objects/user-object)."""

from simulator.json_types import JsonObject
from simulator.spec import Person, WorkspaceSpec
from simulator.webapi.call import Call, SlackError
from simulator.webapi.pages import page_of
from simulator.webapi.scopes import EMAIL

#: Slack's colours of names; a stable one for each account.
COLORS = ("9f69e7", "4bbe2e", "e7392d", "3c989f", "674b1b", "e96699", "e0a729", "684b6c", "5b89d5", "2b6836")


def info(call: Call) -> JsonObject:
    """users.info."""
    return {"user": person_json(call.known_person(), call.workspace.spec)}


def list_people(call: Call) -> JsonObject:
    """users.list, in pages."""
    people, metadata = page_of(call, call.workspace.people())
    members = [person_json(person, call.workspace.spec) for person in people]
    return {
        "members": members,
        "cache_ts": int(call.workspace.clock.now()),
        "response_metadata": metadata,
    }


def lookup_by_email(call: Call) -> JsonObject:
    """users.lookupByEmail: active people of this workspace only."""
    email = call.required("email").casefold()
    for person in call.workspace.people():
        if person.email.casefold() == email and not person.deleted:
            return {"user": person_json(person, call.workspace.spec)}
    raise SlackError("users_not_found")


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
    if person.email and spec.grants(EMAIL):
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
