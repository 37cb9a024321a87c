"""Asking for access: by a command of its own, or on the spot where somebody connects and has none."""

import contextlib
import signal
import sys
from collections.abc import Generator
from dataclasses import dataclass
from typing import Self

from client.access import choosing
from client.access.choosing import Target
from client.access.waiting import Line
from client.api import Api, Json, Refused
from client.errors import REFUSED, UNDECIDED, Failed, shown
from client.kept import folder
from client.options import Given

#: As long as the server lets anybody wait.
_WAIT_S = 25


@dataclass(frozen=True)
class Wish:
    """How to ask, if it must be asked for."""

    reason: str | None = None
    duration_s: int | None = None
    ticket: str | None = None
    waits: bool = True

    @classmethod
    def of(cls, given: Given) -> Self:
        """Raises Failed."""
        typed = given.value("--for")
        seconds = choosing.duration_s(typed) if typed is not None else None
        return cls(given.value("--reason"), seconds, given.value("--ticket"), "--no-wait" not in given.flags)


def entered(api: Api, target: Target, wish: Wish, kind: str) -> tuple[Json, Json]:
    """The grant to connect by to a resource of this kind, asked for if there is none, and what to trust on the way.

    Raises Failed.
    """
    grant, gateway = _open(api, target, kind)
    if grant is None:
        request = ask(api, target, wish, kind=kind)
        wanted = Target(target.resource, str(request["role"]))
        grant, gateway = _open(api, wanted)
        if grant is None:
            raise Failed(f"{wanted} was granted, and is over again. Ask once more.", REFUSED)
    return grant, gateway


def ask(api: Api, target: Target, wish: Wish, *, beside: str | None = None, kind: str | None = None) -> Json:
    """Ask, and wait for the answer unless the wish is not to; returns the request as it stands. Raises Failed."""
    offers = api.get("/api/offers")["offers"]
    folder.write_if_other(api.server.file("resources"), "".join(f"{each}\n" for each in _names(offers)))
    choosing.check_kind(offers, target, kind)
    offer = choosing.cheapest(offers, target)
    role, others = str(offer["role"]), _other_roles(offers, target, offer)
    is_reviewed = offer["decision"] != "automatic"
    print(
        shown(
            f"Asking for {role} on {target.resource}{others}, " + (_takes(offer) if is_reviewed else "given at once.")
        ),
        file=sys.stderr,
    )
    body = {
        "resource": target.resource,
        "role": role,
        "duration_s": wish.duration_s,
        "reason": _reason(wish, needed=is_reviewed),
        "ticket": wish.ticket,
        "beside": beside,
    }
    try:
        request, is_ours = api.post("/api/requests", body), True
    except Refused as refused:
        standing = refused.answer.get("standing") if refused.word == "standing" else None
        if not isinstance(standing, dict):
            raise _with_way(api, refused) from refused
        if standing["kind"] == "grant":
            return {"state": "approved", "role": role, "resource": target.resource, "id": None}
        request, is_ours = api.get(f"/api/requests/{standing['id']}"), False
    if request["state"] == "pending" and wish.waits:
        request = _waited(api, request, is_ours=is_ours)
    return _judged(request, waits=wish.waits)


def _open(api: Api, target: Target, kind: str | None = None) -> tuple[Json | None, Json]:
    answer = api.get("/api/grants")
    choosing.check_kind(answer["grants"], target, kind)
    return choosing.open_grant(answer["grants"], target), answer["gateway"]


def _waited(api: Api, request: Json, *, is_ours: bool) -> Json:
    path = f"/api/requests/{request['id']}"
    try:
        with _ended_alike(), Line(request) as line:
            while request["state"] == "pending":
                request = api.get(f"{path}?wait={_WAIT_S}&seen={request['revision']}")
                line.now(request)
    except KeyboardInterrupt:
        if is_ours:
            api.close()
            api.post(f"{path}/cancel")
            print("Taken back: nobody need decide on it any more.", file=sys.stderr)
        raise
    return request


@contextlib.contextmanager
def _ended_alike() -> Generator[None]:
    """A closed terminal and a `kill` end the waiting as Ctrl-C does: nobody is to open what nobody waits for."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = {each: signal.signal(each, interrupt) for each in (signal.SIGHUP, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _judged(request: Json, *, waits: bool) -> Json:
    """What was granted, or waits as it may. Raises Failed for everything else."""
    what = f"{request['role']} on {request['resource']}"
    state, by, why = request["state"], request.get("decided_by"), str(request.get("why") or "")
    if state == "approved" or (state == "pending" and not waits):
        return request
    if state == "expired":
        raise Failed(f"Nobody decided on {what} in time. Ask again, or ask somebody to look.", UNDECIDED)
    if state == "cancelled":
        raise Failed(f"The request for {what} was taken back{_because(why)}.", REFUSED)
    raise Failed(f"{what} was denied by {by or 'the policy'}{_because(why)}.", REFUSED)


def _because(why: str) -> str:
    return f": {why.rstrip('.')}" if why else ""


def _with_way(api: Api, refused: Refused) -> Failed:
    """A sign-in is the command's to do; a touch is not, and its page asks for the access itself."""
    page = refused.answer.get("page")
    if isinstance(page, str):
        how = "Nothing was asked for yet. Ask on this page, then run this again:"
        return Failed(f"This takes a touch of your security key. {how}\n    {api.server.origin}{page}", refused.status)
    if refused.word == "proof":
        return Failed(f"{refused} `gatepass login` does that, too.", refused.status)
    return refused


def _reason(wish: Wish, *, needed: bool) -> str:
    """Asked for where a person sits, and a reviewer reads it."""
    if wish.reason is not None or not needed or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return wish.reason or ""
    print("Why, in a sentence for your reviewers: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _takes(offer: Json) -> str:
    count = int(offer["quorum"])
    return f"which {'one reviewer' if count == 1 else f'{count} reviewers'} of {len(offer['reviewers'])} must approve."


def _other_roles(offers: list[Json], target: Target, offer: Json) -> str:
    """That there are others, where nobody said which."""
    if target.role is not None:
        return ""
    others = [str(each["role"]) for each in offers if each["resource"] == target.resource and each is not offer]
    return f" (--role has {', '.join(others)} too)" if others else ""


def _names(offers: list[Json]) -> list[str]:
    return sorted({str(each["resource"]) for each in offers})
