"""Small checks that compose into Block Kit's schema: each yields what is wrong and where, as Slack words it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from slack_simulator.base.json_types import as_list, as_object


@dataclass(frozen=True)
class Problem:
    """One violation; `pointer` is the JSON pointer of the offending value."""

    message: str
    pointer: str

    def __str__(self) -> str:
        """As it stands in Slack's `errors` and `response_metadata.messages`."""
        return f"{self.message} [json-pointer:{self.pointer}]"


#: A check gets a value and its pointer, and yields the problems it finds.
Check = Callable[[Any, str], Iterator[Problem]]


def string(longest: int, shortest: int = 1) -> Check:
    """A string of so many characters."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield Problem("must provide a string", at)
        elif len(value) > longest:
            yield Problem(f"must be less than {longest + 1} characters", at)
        elif len(value) < shortest:
            yield Problem(f"must be more than {shortest - 1} characters", at)

    return check


def matching(pattern: str, described: str) -> Check:
    """A string of a certain form."""
    form = re.compile(pattern)

    def check(value: Any, at: str) -> Iterator[Problem]:
        if not isinstance(value, str) or form.fullmatch(value) is None:
            yield Problem(f"must be {described}", at)

    return check


def url(longest: int, *schemes: str) -> Check:
    """An absolute URL of so many characters, of one of these schemes or, with none given, of any."""
    form = re.compile(rf"(?:{'|'.join(schemes) or '[A-Za-z][A-Za-z0-9+.-]*'}):\S+")

    def check(value: Any, at: str) -> Iterator[Problem]:
        found = list(string(longest)(value, at))
        yield from found
        if not found and form.fullmatch(value) is None:
            yield Problem("must be a valid URL" + (f" ({' or '.join(schemes)})" if schemes else ""), at)

    return check


def exactly_one(*names: str) -> Check:
    """An object that has one of these fields and not two."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        given = [name for name in names if name in value]
        if not given:
            yield Problem(f"missing required field: {names[0]}", at)
        elif len(given) > 1:
            yield Problem(f"only one of {' and '.join(given)} is allowed", at)

    return check


def boolean(value: Any, at: str) -> Iterator[Problem]:
    """True or false."""
    if not isinstance(value, bool):
        yield Problem("must be a boolean", at)


def integer(lowest: int, highest: int) -> Check:
    """A whole number within bounds, both included."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield Problem("must provide an integer", at)
        elif value > highest:
            yield Problem(f"must be less than {highest}", at)
        elif value < lowest:
            yield Problem(f"must be greater than {lowest}", at)

    return check


def one_of(*allowed: str) -> Check:
    """One of these words."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        if value not in allowed:
            yield Problem("must be a valid enum value", at)

    return check


def number(value: Any, at: str) -> Iterator[Problem]:
    """A number, whole or not."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        yield Problem("must provide a number", at)


def nullable(item: Check) -> Check:
    """Null, or what passes."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        if value is not None:
            yield from item(value, at)

    return check


def day(value: Any, at: str) -> Iterator[Problem]:
    """A day of the calendar."""
    try:
        is_day = isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        is_day = False
    if not is_day:
        yield Problem("must be a date in the form YYYY-MM-DD", at)


time_of_day = matching(r"([01]\d|2[0-3]):[0-5]\d", "a time in the form HH:mm")
#: Seconds since the epoch, in ten digits.
moment = integer(1_000_000_000, 9_999_999_999)


def anything(_value: Any, _at: str) -> Iterator[Problem]:
    """No demand: parts of Block Kit that the simulator carries without reading."""
    yield from ()


def array(item: Check, most: int, least: int = 1) -> Check:
    """An array of so many items, each of which passes."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        items = as_list(value)
        if items is None:
            yield Problem("must provide an array", at)
            return
        if len(items) > most:
            yield Problem(f"no more than {most} items allowed", at)
            return
        if len(items) < least:
            yield Problem(f"must provide at least {least} items", at)
        for number, one in enumerate(items):
            yield from item(one, f"{at}/{number}")

    return check


def shape(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these fields and no others. As in Slack, null is a value, and hardly ever one that passes.

    A field that is missing is all that is told; what is unknown is told last.
    """
    known = {**(optional or {}), **required}

    def check(value: Any, at: str) -> Iterator[Problem]:
        holder = as_object(value)
        if holder is None:
            yield Problem("must provide an object", at)
            return
        missing = [name for name in required if name not in holder]
        if missing:
            yield from (Problem(f"missing required field: {name}", at) for name in missing)
            return
        for name, one in holder.items():
            if name in known:
                yield from known[name](one, f"{at}/{name}")
        yield from (Problem(f"invalid additional property: {name}", at) for name in holder if name not in known)

    return check


def by_type(kinds: Mapping[str, Check]) -> Check:
    """An object whose `type` says which of these checks it must pass."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        holder = as_object(value)
        if holder is None:
            yield Problem("must provide an object", at)
            return
        kind = holder.get("type")
        if kind is None:
            yield Problem("missing required field: type", at)
        elif not isinstance(kind, str) or kind not in kinds:
            yield Problem(f"unsupported type: {kind}", f"{at}/type")
        else:
            yield from kinds[kind](holder, at)

    return check


def schemas(item: Check) -> Check:
    """What Slack checks by several schemas at once: it says that one failed before it says what is wrong."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        found = list(item(value, at))
        if found:
            yield Problem("failed to match all allowed schemas", at)
        yield from found

    return check


def both(*checks: Check) -> Check:
    """Every one of these; the later ones only if the earlier ones find nothing."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        for one in checks:
            found = list(one(value, at))
            yield from found
            if found:
                return

    return check
