"""What somebody proved, in a line: by which sign-in, and by the touch of which key. People are named, not called."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from bot.blocks.text import moment, name, typed
from bot.facts.facts import Who

#: Lines beside one subject; the audit log has all.
PROOFS_SHOWN: Final = 6
_WORD_LIMIT = 64


def proven(who: Who, did: str, record: Mapping[str, Any]) -> str:
    """`alice` asked with a sign-in at corp (pwd, mfa), 09:12, and a touch of "Blue key", verified, 09:30."""
    parts = [part for part in (_sign_in(record), touch_of(record)) if part]
    return f":lock_with_ink_pen: {name(who)} {did} {' and '.join(parts) or 'without a proof'}"


def touch_of(record: Mapping[str, Any]) -> str:
    """The touch, if there was one; empty: there was none."""
    touch = record.get("touch")
    if not isinstance(touch, Mapping):
        return ""
    verified = ", verified" if touch.get("user_verified") else ""
    return f"with a touch of \u201c{_word(touch.get('name'))}\u201d{verified}{_when(touch.get('at'))}"


def _sign_in(record: Mapping[str, Any]) -> str:
    if "provider" not in record:
        return ""
    methods = [_word(each) for each in record.get("methods") or []][:PROOFS_SHOWN]
    how = f" ({', '.join(methods)})" if methods else ""
    return f"with a sign-in at {_word(record['provider'])}{how}{_when(record.get('signed_in_at'))}"


def _word(value: object) -> str:
    return typed(str(value or ""), _WORD_LIMIT)


def _when(value: object) -> str:
    """A time as records have it."""
    try:
        return f", {moment(datetime.fromisoformat(value))}" if isinstance(value, str) else ""
    except ValueError:
        return ""
