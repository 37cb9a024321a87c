"""What an app says back: posts to a response_url, and messages inside the ack of a slash command.

Both take the same body. Refuses what Slack refuses: a spent url, invalid blocks, nothing to say.
"""

from aiohttp import web

from slack_simulator.base.bodies import UnknownCharset, json_of
from slack_simulator.base.json_types import JsonObject, NotJson, as_object
from slack_simulator.webapi.content import MessageContent, content_of
from slack_simulator.webapi.errors import SlackError
from slack_simulator.workspace.handles import HandleRefused, ResponseUrl
from slack_simulator.workspace.messages import Message
from slack_simulator.workspace.workspace import Workspace


class Responses:
    """Turns such bodies into messages of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        """The workspace that the messages go to."""
        self._workspace = workspace

    async def handle(self, request: web.Request) -> web.Response:
        """POST /response/<team>/<secret>: what the app does with a response_url."""
        try:
            body = as_object(await json_of(request))
        except (UnknownCharset, NotJson):
            body = None
        if body is None:
            return self._refusal("invalid_payload", body, status=400)
        try:
            handle = self._workspace.handles.use_response_url(request.match_info["secret"])
            self.apply(handle, body)
        except HandleRefused as refused:
            return self._refusal(str(refused), body, status=404)
        except SlackError as error:
            return self._refusal(error.code, body, status=400, messages=error.messages)
        self._workspace.inspector.record("response_url", "post", body=body, uses=handle.uses)
        return web.Response(text="ok")

    def apply(self, handle: ResponseUrl, body: JsonObject) -> None:
        """Post, replace or delete as the body says; a message beside `delete_original` is posted. Raises SlackError."""
        original, content = self._original(handle), content_of(body)
        if _is_true(body, "delete_original"):
            if original is None:
                raise SlackError("message_not_found")
            self._workspace.messages.delete(original)
            if content.is_empty:
                return
        if content.is_empty:
            raise SlackError("no_text")
        if _is_true(body, "replace_original") and original is not None and not original.deleted:
            self._replace(original, content)
            return
        only_for = None if body.get("response_type") == "in_channel" else handle.user
        thread_ts = body.get("thread_ts") or None
        if thread_ts is not None and not isinstance(thread_ts, str):
            raise SlackError("thread_not_found")
        self._workspace.app_message(
            handle.channel,
            content.text or "",
            content.blocks or [],
            only_for=only_for,
            thread_ts=thread_ts,
            attachments=content.attachments,
        )

    def _original(self, handle: ResponseUrl) -> Message | None:
        if handle.message_ts is None:
            return None
        return self._workspace.messages.get(handle.channel, handle.message_ts)

    def _replace(self, message: Message, content: MessageContent) -> None:
        message.text, message.blocks, message.attachments = (
            content.text or "",
            content.blocks or [],
            content.attachments or [],
        )
        message.edited_by, message.edited_ts = message.bot_id, f"{int(self._workspace.clock.now())}.000000"
        message.state.clear()
        self._workspace.messages.touch(message)

    def _refusal(
        self, code: str, body: JsonObject | None, *, status: int, messages: list[str] | None = None
    ) -> web.Response:
        """Slack answers its plain code; what exactly is wrong is told in the inspector."""
        self._workspace.inspector.record(
            "response_url", "refused", ok=False, error=code, body=body, messages=messages or []
        )
        return web.Response(status=status, text=code)


def _is_true(body: JsonObject, name: str) -> bool:
    return str(body.get(name, "")).lower() in {"true", "1"}
