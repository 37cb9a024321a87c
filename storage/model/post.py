"""Post: something a channel or a person must be shown, and the revision they were last shown.

Posts are wanted in the transaction that makes them due and shown by the bot whenever it can: what matters is that the
latest state is shown, not that every step was. So this is a level to reach, not a queue of events to replay.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text
from sqlmodel import Field, SQLModel, UniqueConstraint

from storage.model.columns import choice, moment, new_id, utc_now


class PostSubject(StrEnum):
    """Whose state the post shows; `subject_id` is that row's id."""

    REQUEST = "request"
    STATEMENT = "statement"
    #: Only in rows of earlier versions, which had a digest for each session; shown as the digest of its grant.
    SESSION = "session"
    #: A Slack account that was linked to somebody.
    LINK = "link"
    SECURITY_KEY = "security_key"
    SSH_KEY = "ssh_key"


class PostPurpose(StrEnum):
    CARD = "card"  # for reviewers, with buttons
    REPLY = "reply"  # for the requester: what became of it and what to do next
    DIGEST = "digest"  # what was done under the grant: one message that grows
    NOTICE = "notice"  # for one person: something of theirs changed, and was it them


class Post(SQLModel, table=True):
    """One message to keep in step with its subject: due while `shown_revision < wanted_revision`."""

    __tablename__ = "post"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("subject", "subject_id", "purpose", "address", name="post_is_shown_once_a_place"),
        CheckConstraint("(ts IS NULL) = (channel IS NULL)", name="post_is_somewhere_or_nowhere"),
        Index("post_due", "not_before", postgresql_where="shown_revision < wanted_revision"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    subject: PostSubject = Field(sa_column=choice(PostSubject, name="post_subject"))
    subject_id: UUID
    purpose: PostPurpose = Field(sa_column=choice(PostPurpose, name="post_purpose"))
    #: Where to: a Slack channel id, or a Slack user id for a direct message.
    address: str = Field(max_length=64)
    #: Reply in the thread of this post, once that one has a ts.
    thread_of: UUID | None = Field(default=None, foreign_key="post.id")
    #: Where Slack put it: channel and message timestamp, for chat.update.
    channel: str | None = Field(default=None, max_length=64)
    ts: str | None = Field(default=None, max_length=32)
    wanted_revision: int = 1
    shown_revision: int = 0
    #: Not to be tried (again) before; also the lease of whoever is trying now.
    not_before: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    attempts: int = 0
    last_error: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
