"""What a provider has told by SCIM: its users and groups, and who is in which."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlmodel import Field, SQLModel

from storage.model.columns import document, moment, new_id, reference, utc_now


class ScimUser(SQLModel, table=True):
    """A user of a provider. One that it deleted stays, without its document, so that its account is not let in."""

    __tablename__ = "scim_user"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("deleted_at IS NULL OR NOT active", name="scim_user_deleted_is_inactive"),
        Index("scim_user_by_name", "issuer", "user_key", unique=True, postgresql_where="deleted_at IS NULL"),
        Index("scim_user_by_external_id", "issuer", "external_id", unique=True, postgresql_where="deleted_at IS NULL"),
        Index("scim_user_by_subject", "issuer", "subject"),
        Index("scim_user_by_address", "issuer", "address"),
        Index("scim_user_in_order", "issuer", "created_at", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    #: The provider's issuer, as the policy has it.
    issuer: str = Field(max_length=512)
    #: `userName` in lower case: it is one user's, whatever its case.
    user_key: str = Field(max_length=256)
    external_id: str | None = Field(default=None, max_length=512)
    #: What ID tokens call the account (`sub`); None: not known yet.
    subject: str | None = Field(default=None, max_length=512)
    #: The address by which the account is found to be somebody's, in lower case.
    address: str | None = Field(default=None, max_length=320)
    active: bool
    #: What is told of it, without its id, its `meta` and its groups.
    resource: dict[str, Any] = Field(default_factory=dict[str, Any], sa_column=document())
    #: Whose account it is here; None: nobody's.
    principal_id: UUID | None = Field(default=None, sa_column=reference("principal.id", nullable=True, index=True))
    version: int = Field(default=1, sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    modified_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    deleted_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class ScimGroup(SQLModel, table=True):
    """A group of a provider; who is in it are ScimMembers."""

    __tablename__ = "scim_group"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("scim_group_by_name", "issuer", "name_key", unique=True),
        Index("scim_group_by_external_id", "issuer", "external_id", unique=True),
        Index("scim_group_in_order", "issuer", "created_at", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    issuer: str = Field(max_length=512)
    display_name: str = Field(max_length=512)
    #: `displayName` in lower case: two groups that differ by case alone would be taken for each other.
    name_key: str = Field(max_length=512)
    external_id: str | None = Field(default=None, max_length=512)
    version: int = Field(default=1, sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    modified_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))


class ScimMember(SQLModel, table=True):
    """A user is in a group; it goes with either of them."""

    __tablename__ = "scim_member"  # pyright: ignore[reportAssignmentType]

    group_id: UUID = Field(
        sa_column=Column(PG_UUID(as_uuid=True), ForeignKey("scim_group.id", ondelete="CASCADE"), primary_key=True)
    )
    user_id: UUID = Field(
        sa_column=Column(
            PG_UUID(as_uuid=True), ForeignKey("scim_user.id", ondelete="CASCADE"), primary_key=True, index=True
        )
    )
