"""What a person typed, as it may be stored: of bounded length, valid text, sensitive values redacted."""

from access.context import Access
from access.errors import Refused

#: Slack's own limit for a section, and more than a reviewer reads.
MAX_REASON_CHARS = 3_000
MAX_TICKET_CHARS = 128


def reason(access: Access, text: str) -> str:
    """A reason as it may be stored. Raises Refused when it is too long."""
    return _typed(access, text, MAX_REASON_CHARS, "reason")


def ticket(access: Access, text: str | None) -> str | None:
    """A ticket as it may be stored; blank is none. Raises Refused when it is too long."""
    return _typed(access, text or "", MAX_TICKET_CHARS, "ticket") or None


def storable(text: str) -> str:
    """Text as PostgreSQL takes it: what UTF-8 cannot say is `?`, and NUL is U+FFFD."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")


def _typed(access: Access, text: str, limit: int, what: str) -> str:
    valid = storable(text).strip()
    if len(valid) > limit:
        raise Refused(
            f"Your {what} has {len(valid)} characters; {limit} are the most that fit. Shorten it and try again."
        )
    return access.redact(valid)[:limit]
