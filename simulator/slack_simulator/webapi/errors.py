"""What a call of the Web API may answer but success: Slack's error codes, with what stands beside them."""

from typing import Any

from slack_simulator.base.json_types import JsonObject


class SlackError(Exception):
    """The call fails with this error code; `extra` joins the answer beside it."""

    def __init__(self, code: str, messages: list[str] | None = None, **extra: Any) -> None:
        """`messages` become `response_metadata.messages`."""
        super().__init__(code)
        self.code = code
        self.messages = messages or []
        self.extra: JsonObject = dict(extra)
        if messages:
            self.extra["response_metadata"] = {"messages": messages}
