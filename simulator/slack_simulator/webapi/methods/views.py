"""views.*: modals and the App Home (docs.slack.dev/reference/methods, family views)."""

import json
import re
from typing import Any

from slack_simulator.base.json_types import JsonObject, as_object
from slack_simulator.blocks.normal import normalised
from slack_simulator.blocks.views import view_problems
from slack_simulator.webapi.call import Call
from slack_simulator.webapi.content import prefixed
from slack_simulator.webapi.errors import SlackError
from slack_simulator.workspace.handles import HandleRefused, Trigger
from slack_simulator.workspace.views import STACK_LIMIT, View

#: docs.slack.dev/reference/methods/views.open: view_too_large, "greater than 250kb".
VIEW_BYTES = 250 * 1024
#: The form that every trigger_id has.
TRIGGER = re.compile(r"[0-9]+\.[0-9]+\.[0-9a-f]+")


def open_view(call: Call) -> JsonObject:
    """views.open: the first modal, for whoever caused the trigger."""
    content = _modal(call)
    trigger = _trigger(call)
    view = call.workspace.views.open(trigger.user, content, call.workspace.looking_at(trigger.channel))
    return _shown(call, view)


def push(call: Call) -> JsonObject:
    """views.push: on top of the modal from which the trigger came."""
    content = _modal(call)
    trigger = _trigger(call)
    stack = call.workspace.views.stack_of(trigger.user)
    if trigger.from_view is None or all(view.id != trigger.from_view for view in stack):
        raise SlackError("invalid_trigger_id")
    if len(stack) >= STACK_LIMIT:
        raise SlackError("push_limit_reached")
    return _shown(call, call.workspace.views.push(trigger.user, content))


def update(call: Call) -> JsonObject:
    """views.update: by view_id or external_id; a hash that is no longer current answers hash_conflict."""
    view_id, external_id = call.text("view_id"), call.text("external_id")
    if view_id is None and external_id is None:
        raise SlackError("invalid_arguments", ["[ERROR] view_id or external_id is required"])
    view = call.workspace.views.find(view_id, external_id)
    if view is None:
        raise SlackError("not_found")
    content = checked_view(call.structure("view", "invalid_arguments"), view.type)
    _refuse_conflict(call, view)
    _refuse_duplicate_external_id(call, content, view)
    return _shown(call, call.workspace.views.replace(view, content))


def publish(call: Call) -> JsonObject:
    """views.publish: one person's App Home."""
    person = call.workspace.person(call.required("user_id"))
    if person is None:
        raise SlackError("invalid_arguments", ["[ERROR] invalid `user_id` [json-pointer:/user_id]"])
    manifest = call.workspace.spec.manifest
    if manifest is not None and not manifest.has_home_tab:
        raise SlackError("not_enabled")
    content = checked_view(call.structure("view", "invalid_arguments"), "home")
    existing = call.workspace.views.home_of(person.slack_id)
    _refuse_duplicate_external_id(call, content, existing)
    if existing is not None:
        _refuse_conflict(call, existing)
    return _shown(call, call.workspace.views.publish(person.slack_id, content))


def checked_view(given: Any, expected_type: str) -> JsonObject:
    """A view as the app sent it, completed. Raises SlackError: invalid_arguments with pointers, view_too_large."""
    content = as_object(given)
    if content is None:
        raise SlackError("invalid_arguments", ["[ERROR] missing required field: view"])
    problems = view_problems(content, expected_type)
    if problems:
        raise SlackError("invalid_arguments", prefixed(problems))
    if len(json.dumps(content, ensure_ascii=False).encode(errors="replace")) > VIEW_BYTES:
        raise SlackError("view_too_large")
    return content | {"blocks": normalised(content["blocks"])}


def _modal(call: Call) -> JsonObject:
    content = checked_view(call.structure("view", "invalid_arguments"), "modal")
    _refuse_duplicate_external_id(call, content, None)
    return content


def _trigger(call: Call) -> Trigger:
    given = call.text("trigger_id") or call.text("interactivity_pointer")
    if given is None:
        raise SlackError("invalid_arguments", ["[ERROR] missing required field: trigger_id"])
    if TRIGGER.fullmatch(given) is None:
        raise SlackError("invalid_arguments", ["[ERROR] invalid `trigger_id` [json-pointer:/trigger_id]"])
    try:
        return call.workspace.handles.use_trigger(given)
    except HandleRefused as refused:
        raise SlackError(str(refused)) from refused


def _refuse_conflict(call: Call, view: View) -> None:
    given = call.text("hash")
    if given is not None and given != view.hash:
        raise SlackError("hash_conflict")


def _refuse_duplicate_external_id(call: Call, content: JsonObject, own: View | None) -> None:
    external_id = content.get("external_id")
    found = call.workspace.views.find(None, str(external_id)) if external_id else None
    if found is not None and found is not own:
        raise SlackError("duplicate_external_id")


def _shown(call: Call, view: View) -> JsonObject:
    call.workspace.changes.record()
    return {"view": call.workspace.view_json(view)}
