"""BrowserSession: somebody's sign-in in one browser or one command line, and what was proven by it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlmodel import Field, SQLModel

from storage.model.columns import choice, moment, new_id, reference, utc_now


class BrowserEnd(StrEnum):
    """Why a sign-in counts no more."""

    SIGNED_OUT = "signed_out"
    #: Everywhere, by the person themselves from another browser.
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    #: They signed in again in the same browser.
    REPLACED = "replaced"
    #: The provider says that its own session has ended.
    PROVIDER = "provider"
    #: The policy or the directory names the person no longer, or gives them another account.
    LEFT = "left"
    #: The code that gave it was presented a second time.
    REPLAYED = "replayed"
    #: For them, who lost what was signed in.
    OPERATOR = "operator"


class SignInKind(StrEnum):
    """What holds the secret of a sign-in; one kind's secret opens nothing of the other's."""

    BROWSER = "browser"
    COMMAND_LINE = "command_line"


class BrowserSession(SQLModel, table=True):
    """A browser that is signed in, or a command line that one let in; to `expires_at`, `idle_until` or `ended_at`."""

    __tablename__ = "browser_session"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="browser_session_end_has_a_reason"),
        CheckConstraint("octet_length(secret_hash) = 32", name="browser_session_secret_is_hashed"),
        CheckConstraint("(kind = 'command_line') = (device IS NOT NULL)", name="browser_session_device_has_a_name"),
        Index("browser_session_by_secret", "secret_hash", unique=True),
        Index("browser_session_at_provider", "issuer", "subject", postgresql_where="ended_at IS NULL"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    principal_id: UUID = Field(sa_column=reference("principal.id", index=True))
    #: One for all sign-ins of one person that replaced each other in one browser: what they were given ends with the
    #: last of them.
    line: UUID = Field(
        default_factory=new_id,
        sa_column=Column(PG_UUID(as_uuid=True), nullable=False, index=True, server_default=text("gen_random_uuid()")),
    )
    kind: SignInKind = Field(default=SignInKind.BROWSER, sa_column=choice(SignInKind, name="browser_session_kind"))
    #: What a command line calls itself: `gatepass on HOST`. Its word alone; NULL for a browser.
    device: str | None = Field(default=None, max_length=128)
    #: SHA-256 of the 32 random bytes that browser or command line keep: who reads this table can sign in as nobody.
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    #: What the policy calls the provider.
    provider: str = Field(max_length=64)
    issuer: str = Field(max_length=512)
    subject: str = Field(max_length=512)
    #: The provider's name for its own session, which its logout gives.
    provider_session: str | None = Field(default=None, max_length=512)
    #: How the person proved themselves there (`amr`, RFC 8176), and the provider's word for it (`acr`).
    methods: list[str] = Field(default_factory=list[str], sa_column=Column(JSONB, nullable=False))
    level: str | None = Field(default=None, max_length=512)
    #: When the provider said who they are, by its clock; a command line's is its browser's.
    proven_at: datetime = Field(sa_column=moment())
    #: When they last proved themselves to the provider (`auth_time`), or when it said who they are.
    signed_in_at: datetime = Field(sa_column=moment())
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment(now=True))
    expires_at: datetime = Field(sa_column=moment())
    idle_until: datetime = Field(sa_column=moment())
    ended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    end_reason: BrowserEnd | None = Field(
        default=None, sa_column=choice(BrowserEnd, name="browser_session_end_reason", nullable=True)
    )
