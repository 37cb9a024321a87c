"""chat.*: the app's messages (docs.slack.dev/reference/methods, family chat)."""

from slack_simulator.base.json_types import JsonObject, as_object
from slack_simulator.webapi.call import Call
from slack_simulator.webapi.content import UPDATED_TEXT_LIMIT, MessageContent, content_of, new_content_of
from slack_simulator.webapi.errors import SlackError
from slack_simulator.workspace.messages import Message

METADATA_FIELDS = {"event_type", "event_payload"}


def post_message(call: Call) -> JsonObject:
    """chat.postMessage."""
    conversation = call.writable_conversation()
    content = new_content_of(call.arguments)
    message = call.workspace.app_message(
        conversation.id,
        content.text or "",
        content.blocks or [],
        thread_ts=thread_of(call, conversation.id),
        metadata=_metadata(call) or None,
        attachments=content.attachments,
        is_broadcast=call.flag("reply_broadcast"),
    )
    described = call.workspace.message_json(message)
    return warned({"channel": conversation.id, "ts": message.ts, "message": described}, content.warnings)


def update(call: Call) -> JsonObject:
    """chat.update: only the app's own messages, never ephemeral ones.

    Text alone takes the place of text and blocks. Otherwise what is not given stays as it was, and an empty array or
    object takes away what was there.
    """
    message = _own_message(call, "cant_update_message")
    content, metadata = content_of(call.arguments), _metadata(call)
    if len(content.text or "") > UPDATED_TEXT_LIMIT:
        raise SlackError("msg_too_long")
    if call.flag("reply_broadcast") and message.thread_ts in {None, message.ts}:
        raise SlackError("cant_broadcast_message")
    text = message.text if content.text is None else content.text
    blocks = (message.blocks if content.text is None else []) if content.blocks is None else content.blocks
    attachments = message.attachments if content.attachments is None else content.attachments
    if content == MessageContent() or not (text or blocks or attachments or message.files):
        raise SlackError("no_text")
    message.text, message.blocks, message.attachments = text, blocks, attachments
    message.metadata = message.metadata if metadata is None else metadata or None
    message.is_broadcast = message.is_broadcast or call.flag("reply_broadcast")
    message.edited_by, message.edited_ts = message.bot_id, f"{int(call.workspace.clock.now())}.000000"
    message.state.clear()
    call.workspace.messages.touch(message)
    described = call.workspace.message_json(message)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": described}


def delete(call: Call) -> JsonObject:
    """chat.delete: only the app's own messages, never ephemeral ones."""
    message = _own_message(call, "cant_delete_message")
    call.workspace.messages.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def post_ephemeral(call: Call) -> JsonObject:
    """chat.postEphemeral: one person in the channel sees it."""
    conversation = call.writable_conversation()
    person = call.known_person()
    if person.slack_id not in conversation.members:
        raise SlackError("user_not_in_channel")
    content = new_content_of(call.arguments)
    message = call.workspace.app_message(
        conversation.id,
        content.text or "",
        content.blocks or [],
        thread_ts=thread_of(call, conversation.id),
        only_for=person.slack_id,
        attachments=content.attachments,
    )
    return {"message_ts": message.ts}


def get_permalink(call: Call) -> JsonObject:
    """chat.getPermalink: a link that opens the page at this message."""
    conversation = call.conversation_with_id()
    ts = call.required("message_ts")
    message = call.workspace.messages.get(conversation.id, ts)
    if message is None or message.is_ephemeral:
        raise SlackError("message_not_found")
    link = f"{call.workspace.base_url}/archives/{conversation.id}/p{ts.replace('.', '')}"
    if message.thread_ts:
        link += f"?thread_ts={message.thread_ts}&cid={conversation.id}"
    return {"channel": conversation.id, "permalink": link}


def _own_message(call: Call, refusal: str) -> Message:
    conversation = call.conversation_with_id()
    message = call.workspace.messages.get(conversation.id, call.required("ts"))
    if message is None or message.is_ephemeral:
        raise SlackError("message_not_found")
    if message.user != call.workspace.spec.bot_user_id:
        raise SlackError(refusal)
    if conversation.is_archived:
        raise SlackError("is_inactive" if refusal == "cant_update_message" else refusal)
    return message


def warned(answer: JsonObject, warnings: tuple[str, ...]) -> JsonObject:
    """The answer with Slack's warnings beside it, if there are any."""
    if not warnings:
        return answer
    return answer | {"warning": ",".join(warnings), "response_metadata": {"warnings": list(warnings)}}


def thread_of(call: Call, channel: str) -> str | None:
    """The thread to answer in: its parent's ts, also when a reply's own ts was given. Raises SlackError."""
    thread_ts = call.text("thread_ts")
    if thread_ts is None:
        return None
    parent = call.workspace.messages.get(channel, thread_ts)
    if parent is None or parent.is_ephemeral:
        raise SlackError("thread_not_found")
    return parent.thread_ts or parent.ts


def _metadata(call: Call) -> JsonObject | None:
    """The metadata; None if not given, {} to have none. Raises SlackError."""
    given = call.structure("metadata", "invalid_metadata_format")
    if given is None or given == {}:
        return given
    metadata = as_object(given)
    if metadata is None or set(metadata) - METADATA_FIELDS - {"entities"}:
        raise SlackError("invalid_metadata_format")
    if not set(metadata) >= METADATA_FIELDS or as_object(metadata["event_payload"]) is None:
        raise SlackError("invalid_metadata_schema")
    return metadata
