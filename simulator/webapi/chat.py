"""chat.*: the app's messages (docs.slack.dev/reference/methods, family chat)."""

from simulator.json_types import JsonObject, as_object
from simulator.messages import Message
from simulator.webapi.call import Call, SlackError

METADATA_FIELDS = {"event_type", "event_payload"}


def post_message(call: Call) -> JsonObject:
    """chat.postMessage."""
    conversation = call.writable_conversation()
    content = call.message_content()
    message = call.workspace.app_message(
        conversation.id,
        content.text,
        content.blocks,
        thread_ts=thread_of(call, conversation.id),
        metadata=_metadata(call),
        attachments=content.attachments,
        is_broadcast=call.flag("reply_broadcast"),
    )
    described = call.workspace.message_json(message)
    return {"channel": conversation.id, "ts": message.ts, "message": described}


def update(call: Call) -> JsonObject:
    """chat.update: only the app's own messages, never ephemeral ones."""
    message = _own_message(call, "cant_update_message")
    text, attachments = call.message_text(), call.attachments()
    blocks_given, blocks = call.arguments.get("blocks") is not None, call.message_blocks()
    if not text and not blocks_given and not attachments:
        raise SlackError("no_text")
    message.text = text or ("" if blocks_given else message.text)
    if blocks_given or text:
        message.blocks = blocks
    message.attachments = attachments or message.attachments
    message.metadata = _metadata(call) or message.metadata
    message.edited_by, message.edited_ts = message.user, call.workspace.messages.next_ts()
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
    content = call.message_content()
    message = call.workspace.app_message(
        conversation.id,
        content.text,
        content.blocks,
        thread_ts=thread_of(call, conversation.id),
        only_for=person.slack_id,
        attachments=content.attachments,
    )
    return {"message_ts": message.ts}


def get_permalink(call: Call) -> JsonObject:
    """chat.getPermalink: a link that opens the page at this message."""
    conversation = call.visible_conversation()
    ts = call.required("message_ts")
    message = call.workspace.messages.get(conversation.id, ts)
    if message is None or message.is_ephemeral:
        raise SlackError("message_not_found")
    link = f"{call.workspace.base_url}/archives/{conversation.id}/p{ts.replace('.', '')}"
    if message.thread_ts:
        link += f"?thread_ts={message.thread_ts}&cid={conversation.id}"
    return {"channel": conversation.id, "permalink": link}


def _own_message(call: Call, refusal: str) -> Message:
    conversation = call.visible_conversation()
    message = call.workspace.messages.get(conversation.id, call.required("ts"))
    if message is None or message.is_ephemeral:
        raise SlackError("message_not_found")
    if message.user != call.workspace.spec.bot_user_id:
        raise SlackError(refusal)
    return message


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
    given = call.structure("metadata", "invalid_metadata_format")
    if given is None:
        return None
    metadata = as_object(given)
    if metadata is None or set(metadata) - METADATA_FIELDS - {"entities"}:
        raise SlackError("invalid_metadata_format")
    if not set(metadata) >= METADATA_FIELDS or as_object(metadata["event_payload"]) is None:
        raise SlackError("invalid_metadata_schema")
    return metadata
