"""What Gatepass itself answers to a client of an API server: a metav1.Status, whose message kubectl prints. Pure.

Kubernetes API conventions, "Response Status Kind".
"""

import json
from collections.abc import Mapping
from typing import Final

JSON: Final = "application/json"

#: The reasons that clients know, by status code.
_REASONS: Final[Mapping[int, str]] = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    413: "RequestEntityTooLarge",
    415: "UnsupportedMediaType",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}
_PREFIX: Final = "gatepass: "


def failure(code: int, sentence: str) -> bytes:
    """The body of a refusal; `sentence` says what happened, to what, and what to do next."""
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": _PREFIX + sentence,
        "reason": _REASONS.get(code, "InternalError"),
        "code": code,
    }
    return json.dumps(status, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
