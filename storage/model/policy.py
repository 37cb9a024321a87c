"""Which policy was in force: every decision names the version it was taken under."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, SmallInteger, Text
from sqlmodel import Field, SQLModel

from storage.model.columns import document, moment, utc_now


class PolicyVersion(SQLModel, table=True):
    """One content of gatepass.yml, by its hash. Secrets are references in that file, so the document holds none."""

    __tablename__ = "policy_version"  # pyright: ignore[reportAssignmentType]

    #: SHA-256 of the canonical JSON of `document`, in hex.
    hash: str = Field(primary_key=True, min_length=64, max_length=64)
    document: dict[str, Any] = Field(sa_column=document())
    loaded_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))


class PolicyInForce(SQLModel, table=True):
    """The one policy that decides, for every process: a single row. Each decision holds it FOR SHARE meanwhile."""

    __tablename__ = "policy_in_force"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (CheckConstraint("id = 1", name="policy_in_force_is_one"),)

    id: int = Field(default=1, sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    hash: str = Field(sa_column=Column(Text, ForeignKey("policy_version.hash"), nullable=False))
    #: Since when it decides without a break.
    adopted_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
