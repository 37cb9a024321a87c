"""Text for Slack: escaped, cut to size, with Slack's tokens for people and moments.

mrkdwn reads `&`, `<` and `>` as control characters (docs.slack.dev, "Formatting message text", Escaping text).
"""

import re
from collections.abc import Iterable
from datetime import datetime

from access.visible import visible_line
from bot.facts.facts import Who

ELLIPSIS = "…"
#: A card that mentions more people than this would page a whole department.
MENTION_LIMIT = 8

_CUT_ENTITY = re.compile(r"&[a-z]{0,4}\Z")
_SLACK_USER_ID = re.compile(r"[UW][A-Z0-9]{2,31}\Z")
_BLANK = re.compile(r"\s+")


def length(text: str) -> int:
    """Characters as Slack's JavaScript counts them: UTF-16 code units, which no other way of counting exceeds."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clip(text: str, limit: int) -> str:
    """At most `limit` characters; a cut shows as an ellipsis."""
    if length(text) <= limit:
        return text
    room = limit - length(ELLIPSIS)
    kept = text.encode("utf-16-le", "surrogatepass")[: 2 * room].decode("utf-16-le", "ignore")
    return kept.rstrip() + ELLIPSIS


def escape(text: str) -> str:
    """The three characters that mrkdwn reads as control characters, as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_clipped(text: str, limit: int) -> str:
    """Escaped first and cut after, so that the limit holds for what is sent; no entity is cut in two."""
    escaped = escape(text)
    if length(escaped) <= limit:
        return escaped
    cut = clip(escaped, limit).removesuffix(ELLIPSIS)
    return _CUT_ENTITY.sub("", cut) + ELLIPSIS


def one_line(text: str) -> str:
    """Without line breaks or anything unseen, so that nothing typed can look like a line of ours."""
    return visible_line(_BLANK.sub(" ", text).strip())


def typed(text: str, limit: int) -> str:
    """What somebody typed, on one line and as mrkdwn that means nothing: for fallback texts, which have no blocks."""
    return escape_clipped(one_line(text).replace("`", "'"), limit)


def code(name: str) -> str:
    """A name as inline code; a backtick in it could end the code early, so it becomes an apostrophe."""
    return f"`{escape(one_line(name)).replace('`', chr(39))}`"


def mention(who: Who) -> str:
    """Slack's token for a person, or their name where Slack does not know them."""
    if who.slack_id and _SLACK_USER_ID.match(who.slack_id):
        return f"<@{who.slack_id}>"
    return code(who.name)


def name(who: Who) -> str:
    """Somebody by name: who is named for the record and not called is not notified either."""
    return code(who.name)


def names(people: Iterable[Who], *, limit: int = MENTION_LIMIT) -> str:
    """Several people by name, those beyond `limit` as a number."""
    known = list(people)
    hidden = [f"{len(known) - limit} more"] if len(known) > limit else []
    return ", ".join([*map(name, known[:limit]), *hidden])


def mentions(people: Iterable[Who], *, joined_by: str = ", ", limit: int = MENTION_LIMIT) -> str:
    """Several people, those beyond `limit` as a number."""
    known = list(people)
    shown = [mention(who) for who in known[:limit]]
    hidden = len(known) - len(shown)
    if hidden:
        shown.append(f"{hidden} more")
    return joined_by.join(shown)


def moment(when: datetime) -> str:
    """A date token: each reader sees their own time zone, and UTC where Slack cannot render it."""
    fallback = when.strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(when.timestamp())}^{{date_short_pretty}}, {{time}}|{fallback}>"


def plural(count: int, noun: str) -> str:
    """`1 row`, `2 rows`, `3 addresses`."""
    ending = "" if count == 1 else "es" if noun.endswith("s") else "s"
    return f"{count:,} {noun}{ending}"


def size(byte_count: int) -> str:
    """Bytes for people: 512 B, 1.4 kB, 50.0 MB."""
    value = float(byte_count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{int(value)} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def minutes(seconds: float) -> str:
    """What is left of a time, as people say it: `under a minute`, `9 min`, `1 h 5 min`."""
    whole = int(seconds // 60)
    if whole < 1:
        return "under a minute"
    hours, rest = divmod(whole, 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest or not hours else [])])
