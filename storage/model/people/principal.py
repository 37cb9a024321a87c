"""Who somebody is: a Principal, and the Identities by which providers know it."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, SmallInteger, text
from sqlmodel import Field, SQLModel, UniqueConstraint

from storage.model.columns import choice, document, moment, new_id, reference, utc_now


class PrincipalKind(StrEnum):
    HUMAN = "human"
    AGENT = "agent"


class IdentityProvider(StrEnum):
    SLACK = "slack"
    OIDC = "oidc"
    SAML = "saml"
    SSH_KEY = "ssh_key"


#: Where people sign in; no two providers of a policy have one issuer.
SIGN_IN_PROVIDERS: Final = (IdentityProvider.OIDC, IdentityProvider.SAML)


class GivenBy(StrEnum):
    """Why an account is somebody's."""

    #: The policy file says so.
    POLICY = "policy"
    #: It signed in with their e-mail address, or it is a member of a group that its provider fills.
    SIGN_IN = "sign_in"
    #: They linked it themselves.
    LINK = "link"
    #: Slack has confirmed that it has their e-mail address, and the policy takes that for proof.
    EMAIL = "email"


class Principal(SQLModel, table=True):
    """A person or an agent. `kind` is proven by how it signed in, never claimed."""

    __tablename__ = "principal"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("principal_by_address", text("lower(email)")),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: PrincipalKind = Field(sa_column=choice(PrincipalKind, name="principal_kind"))
    name: str = Field(unique=True, min_length=1, max_length=64)
    email: str | None = Field(default=None, max_length=320)
    #: The provider (its issuer) whose group they came in by; None: the policy file names them.
    brought_by: str | None = Field(default=None, max_length=512)
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    #: Set when the policy file no longer names them; a disabled principal asks for, reviews and opens nothing.
    disabled_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    #: When an identity was last taken from them: an approval given before may be somebody else's and does not count.
    identity_lost_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class Identity(SQLModel, table=True):
    """How one provider knows a principal: Slack team + user id, OIDC issuer + subject, SAML entity
    id + NameID, an SSH public key."""

    __tablename__ = "identity"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("provider", "issuer", "subject", name="identity_is_one_principal"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    principal_id: UUID = Field(sa_column=reference("principal.id", index=True))
    provider: IdentityProvider = Field(sa_column=choice(IdentityProvider, name="identity_provider"))
    #: The Slack team id, the OIDC issuer, the SAML entity id, or "openssh".
    issuer: str = Field(max_length=512)
    subject: str = Field(max_length=512)
    given_by: GivenBy = Field(
        default=GivenBy.POLICY, sa_column=choice(GivenBy, name="identity_given_by", default=GivenBy.POLICY)
    )
    #: What its provider last said of its groups: claim -> values.
    groups: dict[str, list[str]] = Field(default_factory=dict[str, list[str]], sa_column=document())
    #: Until when that counts; None: until the provider says otherwise.
    groups_until: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    #: Set while the policy no longer gives this identity to anybody; it then means nobody.
    retired_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    #: Since when the provider itself no longer lets this account review: deactivated, a guest. Its votes do not count.
    suspended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class DirectoryState(SQLModel, table=True):
    """How often what is known of people changed, so that every process knows whether it has the latest: one row."""

    __tablename__ = "directory_state"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (CheckConstraint("id = 1", name="directory_state_is_one"),)

    id: int = Field(default=1, sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    revision: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
