"""usergroups.list and usergroups.users.list: named groups of people, as the workspace's description has them."""

from slack_simulator.base.json_types import JsonObject
from slack_simulator.webapi.call import Call
from slack_simulator.webapi.errors import SlackError
from slack_simulator.workspace.spec import UserGroup


def list_all(call: Call) -> JsonObject:
    """usergroups.list: disabled ones, users and counts only if asked for."""
    groups = [one for one in call.workspace.spec.usergroups if one.is_enabled or call.flag("include_disabled")]
    return {"usergroups": [_described(call, one) for one in groups]}


def list_users(call: Call) -> JsonObject:
    """usergroups.users.list."""
    wanted = call.required("usergroup")
    group = next((one for one in call.workspace.spec.usergroups if one.id == wanted), None)
    if group is None or not (group.is_enabled or call.flag("include_disabled")):
        raise SlackError("no_such_subteam")
    return {"users": list(group.members)}


def _described(call: Call, group: UserGroup) -> JsonObject:
    """docs.slack.dev/reference/objects/usergroup-object."""
    described: JsonObject = {
        "id": group.id,
        "team_id": call.workspace.spec.team_id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name or group.handle,
        "description": group.description,
        "handle": group.handle,
        "is_external": False,
        "date_create": 0,
        "date_update": 0,
        "date_delete": 0 if group.is_enabled else 1,
        "auto_type": None,
        "auto_provision": False,
        "enterprise_subteam_id": "",
        "created_by": "",
        "updated_by": "",
        "deleted_by": None,
        "prefs": {"channels": [], "groups": []},
    }
    if call.flag("include_users"):
        described["users"] = list(group.members)
    if call.flag("include_count"):
        described["user_count"] = len(group.members)
    return described
