"""AskDraft: what somebody asked for where they could not touch their key, kept until they do so on the pages."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel

from storage.model.columns import moment, new_id, reference, utc_now


class AskDraft(SQLModel, table=True):
    """No request: nobody is asked to decide it, and it opens nothing. Never changed; forgotten at `expires_at`."""

    __tablename__ = "ask_draft"  # pyright: ignore[reportAssignmentType]

    id: UUID = Field(default_factory=new_id, primary_key=True)
    principal_id: UUID = Field(sa_column=reference("principal.id", index=True))
    resource: str = Field(max_length=128)
    role: str = Field(max_length=128)
    duration_s: int
    #: Redacted, as in requests.
    reason: str = Field(default="", sa_column=Column(Text, nullable=False))
    ticket: str | None = Field(default=None, max_length=128)
    #: What they were told that they have or wait for already, and ask beside.
    beside: UUID | None = Field(default=None)
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    expires_at: datetime = Field(sa_column=moment())
