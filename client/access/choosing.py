"""Which access is meant: role and resource as typed, the grant that is there, the role to ask for. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from client.api import Json
from client.errors import REFUSED, Failed, usage

_UNITS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION: Final = re.compile(r"(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s)?")


@dataclass(frozen=True)
class Target:
    """A resource, and the role if one was said."""

    resource: str
    role: str | None = None

    def __str__(self) -> str:
        return f"{self.role} on {self.resource}" if self.role else self.resource


def target_of(word: str, role: str | None) -> Target:
    """From `payments-db` or `read@payments-db`, and `--role`. Raises Failed."""
    before, at, resource = word.rpartition("@")
    if at and role is not None and before != role:
        raise usage(f"{word} says one role and --role {role} another. Say one.")
    if not resource or (at and not before):
        raise usage(f"{word} names no resource. It is RESOURCE or ROLE@RESOURCE, as payments-db or read@payments-db.")
    return Target(resource, role or before or None)


def duration_s(typed: str) -> int:
    """Seconds of `30m`, `2h` or `1h30m`. Raises Failed."""
    match = _DURATION.fullmatch(typed.strip().lower())
    amounts = match.groups("0") if match is not None else ()
    seconds = sum(int(each) * size for each, size in zip(amounts, _UNITS.values(), strict=False))
    if not seconds:
        raise usage(f"{typed} is no duration. Write it like 30m, 2h or 1h30m.")
    return seconds


def duration(seconds: int) -> str:
    """As people read it: 1h30m, 45m, 20s."""
    hours, minutes = divmod(max(0, seconds) // 60, 60)
    if hours:
        return f"{hours}h{minutes}m" if minutes else f"{hours}h"
    return f"{minutes}m" if minutes else f"{max(0, seconds)}s"


def open_grant(grants: Sequence[Json], target: Target) -> Json | None:
    """The grant for it that lasts longest; None: none opens anything. Raises Failed where two would do."""
    usable = [
        each
        for each in grants
        if each["resource"] == target.resource and target.role in {None, each["role"]} and each["connect"] is not None
    ]
    roles = sorted({str(each["role"]) for each in usable})
    if len(roles) > 1:
        words = " or ".join(f"{role}@{target.resource}" for role in roles)
        raise usage(f"You have {' and '.join(roles)} on {target.resource}. Say which: {words}.")
    return max(usable, key=lambda each: int(each["left_s"]), default=None)


def check_kind(known: Sequence[Json], target: Target, kind: str | None) -> None:
    """That the program fits the resource, before anything is asked; `known` are grants or offers. Raises Failed."""
    for each in known:
        if each["resource"] == target.resource and kind is not None and each["type"] not in {kind, None}:
            way = "psql" if each["type"] == "postgres" else "ssh"
            raise usage(f"{target.resource} is reached otherwise: `gatepass {way} {target.resource}`.")


def cheapest(offers: Sequence[Json], target: Target) -> Json:
    """What to ask for: given at once before reviewed, few reviewers before many, else as the policy has them.

    Raises Failed where nothing may be asked for.
    """
    fitting = [each for each in offers if each["resource"] == target.resource and target.role in {None, each["role"]}]
    if not fitting:
        import difflib  # noqa: PLC0415 - only for whoever mistyped

        names = sorted({str(each["resource"]) for each in offers})
        meant = difflib.get_close_matches(target.resource, names, n=1)
        hint = f" Did you mean {meant[0]}?" if meant and meant[0] != target.resource else ""
        raise Failed(f"You may not ask for {target}.{hint} `gatepass status` shows what you may ask for.", REFUSED)
    return min(fitting, key=lambda each: (each["decision"] != "automatic", int(each["quorum"])))
