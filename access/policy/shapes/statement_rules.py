"""What becomes of the statements of a role's sessions: rules over the labels that analyses find in them. Pure."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from access.policy.labels import unknown_label
from access.policy.shapes.base import Frozen, Name
from access.policy.shapes.durations import Seconds
from access.policy.shapes.proof import Requires
from access.policy.values.complaint import complaint
from storage.model import VerdictKind

SlackChannel = Annotated[str, StringConstraints(pattern=r"^[CG][A-Z0-9]{1,62}$")]


class StatementRule(Frozen):
    """What becomes of a statement with one of the labels in `match` (globs allowed); the first match decides."""

    name: Name
    match: list[str] = Field(min_length=1)
    verdict: VerdictKind
    #: Told to whoever ran the statement.
    message: str = Field(default="", max_length=500)
    #: People and groups; none: the reviewers of the policy rule that granted the access.
    reviewers: list[Name] = Field(default=[])
    quorum: int = Field(default=1, ge=1, le=10)
    #: A statement that nobody answers by then is refused.
    timeout_s: Seconds = Field(default=600, validation_alias="timeout", serialization_alias="timeout")
    #: None: the channel of the policy rule.
    channel: SlackChannel | None = None
    #: Of whoever approves what this holds; None: what the policy rule asks.
    requires: Requires | None = None

    @field_validator("match")
    @classmethod
    def _labels_exist(cls, value: list[str]) -> list[str]:
        for pattern in value:
            if (wrong := unknown_label(pattern)) is not None:
                raise complaint(wrong)
        return value

    @model_validator(mode="after")
    def _review_is_asked_of_somebody(self) -> Self:
        if self.verdict is not VerdictKind.REVIEW and self.reviewers:
            raise complaint(f"has reviewers, but its verdict is {self.verdict}: say `verdict: review` or drop them")
        if self.verdict is not VerdictKind.REVIEW and self.requires is not None:
            raise complaint(f"has requires, but its verdict is {self.verdict}: nobody approves it, so drop it")
        return self
