"""Who voted for something, and what they proved for it, from rows of reviews and people by id."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bot.facts.facts import Who
from storage.model import Review, ReviewDecision


@dataclass(frozen=True)
class Votes:
    """Whose approvals count, and whose count no more."""

    counting: tuple[Who, ...] = ()
    lapsed: tuple[Who, ...] = ()
    #: What those proved whose count.
    proofs: tuple[tuple[Who, Mapping[str, Any]], ...] = ()


def proofs_of(
    reviews: Iterable[Review], subject_id: UUID, people: Mapping[UUID, Who], counting: Sequence[Who]
) -> tuple[tuple[Who, Mapping[str, Any]], ...]:
    """What those proved whose approvals count, where the rule asked or they did all the same."""
    return tuple(
        (people[review.reviewer_id], review.proof)
        for review in reviews
        if subject_id in (review.request_id, review.statement_id)
        and review.decision is ReviewDecision.APPROVE
        and review.proof
        and people[review.reviewer_id] in counting
    )


def gave_of(reviews: Iterable[Review], subject_id: UUID, people: Mapping[UUID, Who]) -> tuple[Who, ...]:
    """Those who approved, whether it counts or not, in the order of `reviews`."""
    return tuple(
        people[review.reviewer_id]
        for review in reviews
        if subject_id in (review.request_id, review.statement_id) and review.decision is ReviewDecision.APPROVE
    )
