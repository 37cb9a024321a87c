"""files.getUploadURLExternal and files.completeUploadExternal: the two calls around an upload.

docs.slack.dev/messaging/working-with-files. The upload itself is `slack_simulator.webapi.uploads`.
"""

import re

from slack_simulator.base.json_types import JsonObject, as_list, as_object
from slack_simulator.webapi.call import Call, whole
from slack_simulator.webapi.content import content_of
from slack_simulator.webapi.errors import SlackError
from slack_simulator.webapi.methods.chat import thread_of
from slack_simulator.workspace.files import FILE_BYTES, File

ALT_TEXT = 1000
#: Real answers of files.completeUploadExternal name this pattern; names and user ids are none.
CHANNEL_ID = re.compile(r"[CGDZ][A-Z0-9]{8,}")
#: docs.slack.dev/reference/methods/files.getUploadURLExternal: snippets are limited to 1 MB.
SNIPPET_BYTES = 1024 * 1024


def get_upload_url(call: Call) -> JsonObject:
    """files.getUploadURLExternal."""
    name, length = call.text("filename"), call.text("length")
    missing = [one for one, given in (("filename", name), ("length", length)) if given is None]
    if name is None or length is None:
        raise SlackError("invalid_arguments", [f"[ERROR] missing required field: {one}" for one in missing])
    size, snippet_type = whole(length), call.text("snippet_type")
    if size == 0:
        raise SlackError("missing_argument")
    if size is None:
        raise SlackError("invalid_arguments", ["[ERROR] must be a whole number [json-pointer:/length]"])
    if size > FILE_BYTES:
        raise SlackError("file_upload_size_restricted")
    if snippet_type is not None and size > SNIPPET_BYTES:
        raise SlackError("snippet_too_large")
    alt_text = call.text("alt_txt") or ""
    if len(alt_text) > ALT_TEXT:
        raise SlackError("alt_txt_too_large")
    workspace = call.workspace
    file = workspace.files.announce(
        name, size, workspace.spec.bot_user_id, alt_text=alt_text, snippet_type=snippet_type
    )
    return {"upload_url": f"{workspace.base_url}/upload/v1/{file.upload_secret}", "file_id": file.id}


def complete_upload(call: Call) -> JsonObject:
    """files.completeUploadExternal: one message with all the files in each channel; none without a channel."""
    files = _uploaded(call)
    channels = _channels(call)
    for channel in channels:
        if CHANNEL_ID.fullmatch(channel) is None:
            problem = f"[ERROR] input must match regex pattern: ^{CHANNEL_ID.pattern}$ [json-pointer:/channel_id]"
            raise SlackError("invalid_arguments", [problem])
    conversations = [call.writable_named(channel) for channel in channels]
    if call.text("thread_ts") is not None and len(conversations) != 1:
        raise SlackError("invalid_arguments", ["[ERROR] thread_ts needs exactly one channel"])
    comment = call.text("initial_comment") or ""
    blocks = [] if comment else content_of({"blocks": call.arguments.get("blocks")}).blocks or []
    threads = [thread_of(call, one.id) for one in conversations]
    for file, title in files:
        file.was_completed, file.title = True, title or file.title
        file.channels += [one.id for one in conversations if one.id not in file.channels]
    for conversation, thread_ts in zip(conversations, threads, strict=True):
        call.workspace.app_message(
            conversation.id, comment, blocks, thread_ts=thread_ts, files=[file.id for file, _ in files]
        )
    return {"files": [call.workspace.file_json(file) for file, _ in files]}


def _uploaded(call: Call) -> list[tuple[File, str | None]]:
    """The files that the call names, each with its new title. Raises SlackError."""
    given = as_list(call.structure("files", "invalid_arguments"))
    entries = [as_object(one) for one in given or []]
    if not entries:
        raise SlackError("invalid_arguments", ["[ERROR] missing required field: files"])
    found: list[tuple[File, str | None]] = []
    for number, entry in enumerate(entries):
        file_id = None if entry is None else entry.get("id")
        if entry is None or not isinstance(file_id, str):
            raise SlackError(
                "invalid_arguments", [f"[ERROR] missing required field: id [json-pointer:/files/{number}]"]
            )
        unknown = sorted(set(entry) - {"id", "title", "highlight_type"})
        if unknown:
            pointer = f"[json-pointer:/files/{number}]"
            raise SlackError("invalid_arguments", [f"[ERROR] invalid additional property: {unknown[0]} {pointer}"])
        file = call.workspace.files.get(file_id)
        if file is None or file.was_completed or file.user != call.workspace.spec.bot_user_id:
            raise SlackError("file_not_found")
        if not file.was_uploaded:
            raise SlackError("file_update_failed")
        title = entry.get("title")
        found.append((file, title if isinstance(title, str) else None))
    return found


def _channels(call: Call) -> list[str]:
    one = call.text("channel_id")
    given = call.arguments.get("channels")
    several = as_list(given) if not isinstance(given, str) else given.split(",")
    return list(dict.fromkeys([*([one] if one else []), *(str(name).strip() for name in several or [] if name)]))
