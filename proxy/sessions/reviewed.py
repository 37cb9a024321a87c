"""Reviewed: one statement put to its reviewers, and its one run if they approve it. Whatever the protocol.

What stands around the statement on its connection is looked at before it is held, and again when it was approved: where
it is not the same, the approval is for something else and void. It refuses what cannot be shown whole.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from access.context import Access
from access.decisions import holds, spending
from access.decisions.holds import Circumstances
from access.policy.shapes.statement_rules import StatementRule
from access.policy.why import why_held
from access.visible import MAX_SHOWN_CHARS, shown_length, visible_line
from proxy.sessions.holding import HoldWaiters
from proxy.statements import StatementFacts
from proxy.tasks import settled
from storage.database import StorageUnavailable
from storage.model import Grant, HoldState, Principal, Session, Statement

Notify = Callable[[str], Awaitable[None]]
#: Done when whoever sent the statement is there to have it run.
Back = Callable[[], Awaitable[None]]

_TOO_LONG = "It is too long to be shown whole: {:,} characters, and {:,} are the most that a card shows."
_WITHDRAWN = "Whoever sent it withdrew it."


@dataclass(frozen=True)
class Verdict:
    """What becomes of a statement; `message` is for the person when it is refused."""

    allowed: bool
    message: str = ""


ALLOWED = Verdict(allowed=True)


@dataclass(frozen=True)
class Around:
    """What decides which things a statement's names mean on its connection; empty where a protocol has none of it."""

    database: str = ""
    search_path: str = ""
    #: The account that it runs as there, if the client took another than its role's.
    acts_as: str = ""


class NotAsked(Exception):
    """What stands around a statement could not be found out, so it is not put to anybody; a sentence for the person."""


class Surroundings(Protocol):
    """A connection, as far as a held statement on it is concerned."""

    async def look(self) -> Around:
        """What stands around the statement now. Raises NotAsked."""
        ...

    async def estimate(self, around: Around) -> str:
        """How many rows it would touch, in words, within two seconds; never raises."""
        ...


@dataclass(frozen=True)
class ToReview:
    """A statement as its reviewers are shown it."""

    text: str
    kind: str
    why: str

    @classmethod
    def of(cls, facts: Sequence[StatementFacts], rule: StatementRule) -> "ToReview":
        labels = frozenset[str]().union(*(each.labels for each in facts))
        text = "; ".join(each.text for each in facts)
        return cls(text, facts[0].kind if len(facts) == 1 else "batch", why_held(rule, labels))


def unreviewable(facts: Sequence[StatementFacts]) -> str:
    """Why these cannot be put to a reviewer, as a sentence; empty: they can."""
    if (why := next((each.unreviewable for each in facts if each.unreviewable), "")) != "":
        return why
    length = shown_length("; ".join(each.text for each in facts))
    return _TOO_LONG.format(length, MAX_SHOWN_CHARS) if length > MAX_SHOWN_CHARS else ""


class Reviewed:
    """The held statements of one session, one at a time or several."""

    def __init__(self, access: Access, session: Session, grant: Grant, waiters: HoldWaiters) -> None:
        self._access = access
        self._session = session
        self._grant = grant
        self._waiters = waiters
        #: One session holds one statement after the other, so that it takes one connection to the storage and not all.
        self._turn = asyncio.Lock()

    async def decided(
        self,
        shown: ToReview,
        rule: StatementRule,
        notify: Notify,
        surroundings: Surroundings | None,
        back: Back | None = None,
    ) -> tuple[Verdict, str]:
        """Hold until it is decided, and spend the approval: whether it runs now, and the word for the recording.

        `back`: whoever sent it may be gone meanwhile; nothing is spent before they are here again.

        Raises StorageUnavailable.
        """
        try:
            around, circumstances = await _circumstances(shown, surroundings)
        except NotAsked as problem:
            return Verdict(allowed=False, message=str(problem)), "not asked"
        with self._waiters.expecting() as expected:
            holding: asyncio.Task[Statement] | None = None
            try:
                async with self._turn:
                    holding = asyncio.create_task(
                        holds.hold(
                            self._access, self._session, self._grant, shown.text, shown.kind, rule, circumstances
                        )
                    )
                    await settled(holding)
                held = holding.result()
                expected.of(held.id)
                if held.state is HoldState.PENDING:
                    await notify(_held_sentence(held))
                decided = await expected.decision(held)
                if decided.state is HoldState.APPROVED:
                    if back is not None:
                        await back()
                    return await self._run(decided, around, surroundings)
            except BaseException:
                # Also where it was dropped as it was being held: the row may be there before anybody here has heard.
                if holding is not None and holding.exception() is None:
                    with contextlib.suppress(StorageUnavailable):
                        await settled(asyncio.ensure_future(self._withdraw(holding.result())))
                raise
        return Verdict(allowed=False, message=await self._refusal(decided)), str(decided.state)

    async def _run(self, approved: Statement, around: Around, surroundings: Surroundings | None) -> tuple[Verdict, str]:
        """Spend it: what is allowed here is forwarded at once, by the caller."""
        why = await _changed(around, surroundings)
        if why is None:
            why = await spending.spend(self._access, approved.id)
        else:
            await spending.void(self._access, approved.id, why)
        if why is None:
            return ALLOWED, "approved"
        return Verdict(allowed=False, message=f"This statement was approved, but it was not run. {why}"), "void"

    async def _withdraw(self, held: Statement) -> None:
        """Nobody waits for it any more: it is cancelled, or void where it was approved in this moment."""
        if not await holds.cancel(self._access, held.id, "whoever sent it withdrew it"):
            await spending.void(self._access, held.id, _WITHDRAWN)

    async def _refusal(self, decided: Statement) -> str:
        if decided.state is HoldState.EXPIRED:
            return "Nobody reviewed this statement in time, so it was not run. Ask a reviewer and send it again."
        if decided.state is HoldState.CANCELLED:
            return "This statement was cancelled before anybody reviewed it, so it was not run."
        why = f": {decided.decision_reason}" if decided.decision_reason else "."
        if decided.decided_by is None:
            return f"This statement was put to no reviewer and not run{why}"
        async with self._access.database.transaction() as transaction:
            by = (await transaction.get_one(Principal, decided.decided_by)).name
        return f"This statement was denied by {by}{why}"


async def _circumstances(shown: ToReview, surroundings: Surroundings | None) -> tuple[Around, Circumstances]:
    if surroundings is None:
        return Around(), Circumstances(why=shown.why)
    around = await surroundings.look()
    estimate = await surroundings.estimate(around)
    why = f"{shown.why}; as {visible_line(around.acts_as)}" if around.acts_as else shown.why
    return around, Circumstances(why, estimate, visible_line(around.database), visible_line(around.search_path))


async def _changed(around: Around, surroundings: Surroundings | None) -> str | None:
    """Whether something else stands around it now than when it was held, as a sentence."""
    if surroundings is None:
        return None
    try:
        now = await surroundings.look()
    except NotAsked as problem:
        return str(problem)
    if now == around:
        return None
    return "The search path or the role of the session is not the one that it was approved with. Send it again."


def _held_sentence(held: Statement) -> str:
    who = ", ".join(held.reviewers) or "a reviewer"
    until = f" until {held.expires_at:%H:%M:%S} UTC" if held.expires_at else ""
    return f"This statement waits for review by {who}{until} (rule {held.rule}). Ctrl-C withdraws it."
