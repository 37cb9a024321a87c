"""How exec and attach end: the Status that a server writes on the error channel, read and made. Pure.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/; k8s.io/client-go,
tools/remotecommand/v4.go: Success; Failure with the reason NonZeroExitCode and a cause ExitCode; any other Failure.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from proxy.kubernetes.streams.violation import StreamViolation

MAX_BYTES: Final = 64 * 1024

_EXITED: Final = "NonZeroExitCode"
_EXIT_CODE: Final = "ExitCode"
_HIGHEST_CODE: Final = 255


@dataclass(frozen=True)
class Outcome:
    """How it ended. Success: the exit code 0."""

    #: None: the program did not end by itself, or was never started; `message` says why.
    exit_code: int | None
    #: Somebody else's text, for a person.
    message: str = ""
    #: The Status's own: NonZeroExitCode, InternalError, Forbidden … or "".
    reason: str = ""

    @property
    def is_success(self) -> bool:
        """The program ended with 0."""
        return self.exit_code == 0


SUCCESS: Final = Outcome(0)


def exited(code: int) -> Outcome:
    """The program ended with this code, from 0 to 255."""
    if not code:
        return SUCCESS
    return Outcome(code, f"command terminated with non-zero exit code: exit status {code}", _EXITED)


def read(data: bytes) -> Outcome:
    """Reads all that came on the error channel; raises StreamViolation for what is no Status of an end."""
    if len(data) > MAX_BYTES:
        raise StreamViolation(f"a status of more than {MAX_BYTES} bytes")
    try:
        status: Any = json.loads(data.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise StreamViolation("a status that is no JSON") from None
    match status:
        case {"status": "Success"}:
            return SUCCESS
        case {"status": "Failure"}:
            return _failure(status)
        case _:
            raise StreamViolation("a status that is neither success nor failure")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose fields are told once each: of two, somebody else may believe the other."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError
    return dict(pairs)


def _failure(status: dict[str, Any]) -> Outcome:
    message, reason = status.get("message", ""), status.get("reason", "")
    if not isinstance(message, str) or not isinstance(reason, str):
        raise StreamViolation("a status whose message or reason is no text")
    return Outcome(_code(status) if reason == _EXITED else None, message, reason)


def _code(status: dict[str, Any]) -> int:
    match status.get("details"):
        case {"causes": list(causes)}:
            told = [each["message"] for each in causes if _is_of_exit(each)]
        case _:
            told = []
    code = told[0] if told else None
    if not isinstance(code, str) or not (code.isascii() and code.isdigit()) or not 0 < len(code) <= 3:
        raise StreamViolation("a status of an exit without its code")
    if not 0 < int(code) <= _HIGHEST_CODE:
        raise StreamViolation("a status of an exit whose code is none")
    return int(code)


def _is_of_exit(cause: object) -> bool:
    return isinstance(cause, dict) and cause.get("reason") == _EXIT_CODE and "message" in cause


def encode(outcome: Outcome) -> bytes:
    """The Status, as a kubelet writes it."""
    status: dict[str, Any] = {"metadata": {}, "status": "Success" if outcome.is_success else "Failure"}
    if outcome.message:
        status["message"] = outcome.message
    if outcome.reason:
        status["reason"] = outcome.reason
    if outcome.exit_code:
        status["details"] = {"causes": [{"reason": _EXIT_CODE, "message": str(outcome.exit_code)}]}
    return json.dumps(status).encode()
