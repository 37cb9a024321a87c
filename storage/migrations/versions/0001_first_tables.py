"""The first tables, and the role that the program uses: what it may do to each is decided here."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

#: Rows that follow the state of what they describe. None of them is ever deleted.
CHANGING = (
    *("access_grant", "access_request", "identity", "policy_in_force", "post", "principal", "proxy_instance"),
    *("session", "statement"),
)
#: Rows that say what happened: written once.
WRITTEN_ONCE = ("audit_checkpoint", "audit_event", "audit_leaf", "policy_version", "recording_segment", "review")

#: Roles belong to the whole server: another database of it may be making the same one right now.
CREATE_ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatepass_program') THEN
        CREATE ROLE gatepass_program NOLOGIN NOINHERIT;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END $$
"""

#: Whoever migrates may also run the program. Since PostgreSQL 16 making a role is not yet leave to act as it.
GRANT_ROLE = """
DO $$
DECLARE
    leave text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    IF NOT pg_has_role(session_user, 'gatepass_program', leave) THEN
        EXECUTE format('GRANT gatepass_program TO %I', session_user);
    END IF;
END $$
"""


def upgrade() -> None:
    make_tables()
    op.execute(CREATE_ROLE)
    op.execute(GRANT_ROLE)
    op.execute("GRANT USAGE ON SCHEMA public TO gatepass_program")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON {', '.join(CHANGING)} TO gatepass_program")
    op.execute(f"GRANT SELECT, INSERT ON {', '.join(WRITTEN_ONCE)} TO gatepass_program")
    op.execute("GRANT SELECT, INSERT, DELETE ON audit_pending TO gatepass_program")
    op.execute("GRANT SELECT ON alembic_version TO gatepass_program")


def make_tables() -> None:
    op.create_table(
        "audit_checkpoint",
        sa.Column("tree_size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root_hash", sa.LargeBinary(), nullable=False),
        sa.Column("frontier", postgresql.ARRAY(sa.LargeBinary()), nullable=False),
        sa.CheckConstraint("octet_length(root_hash) = 32", name="checkpoint_root_is_sha256"),
        sa.PrimaryKeyConstraint("tree_size"),
    )

    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )

    op.create_table(
        "policy_version",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("document", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )

    op.create_table(
        "policy_in_force",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id = 1", name="policy_in_force_is_one"),
        sa.ForeignKeyConstraint(["hash"], ["policy_version.hash"]),
        sa.PrimaryKeyConstraint("id"),
    )

    op.create_table(
        "post",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "subject",
            sa.Enum(
                "request",
                "statement",
                "session",
                name="post_subject",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "card", "reply", "digest", name="post_purpose", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("thread_of", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.String(length=64), nullable=True),
        sa.Column("ts", sa.String(length=32), nullable=True),
        sa.Column("wanted_revision", sa.Integer(), nullable=False),
        sa.Column("shown_revision", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(ts IS NULL) = (channel IS NULL)", name="post_is_somewhere_or_nowhere"),
        sa.ForeignKeyConstraint(["thread_of"], ["post.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("subject", "subject_id", "purpose", "address", name="post_is_shown_once_a_place"),
    )
    op.create_index("post_due", "post", ["not_before"], postgresql_where="shown_revision < wanted_revision")

    op.create_table(
        "principal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("human", "agent", name="principal_kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("identity_lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )

    op.create_table(
        "proxy_instance",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )

    op.create_table(
        "access_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=False),
        sa.Column("resource", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=128), nullable=False),
        sa.Column("duration_s", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ticket", sa.String(length=128), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "approved",
                "denied",
                "cancelled",
                "expired",
                name="request_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "decision",
            sa.Enum(
                "automatic",
                "denied",
                "reviewed",
                name="request_decision",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("rule", sa.String(length=128), nullable=False),
        sa.Column("policy_hash", sa.Text(), nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("reviewers", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decision_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("context", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.CheckConstraint("(state = 'pending') = (decided_at IS NULL)", name="request_is_pending_or_decided"),
        sa.CheckConstraint("duration_s > 0", name="request_duration_is_positive"),
        sa.CheckConstraint("quorum >= 0", name="request_quorum_is_not_negative"),
        sa.ForeignKeyConstraint(["decided_by"], ["principal.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["policy_hash"], ["policy_version.hash"]),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("access_request_pending", "access_request", ["expires_at"], postgresql_where="state = 'pending'")
    op.create_index(op.f("ix_access_request_principal_id"), "access_request", ["principal_id"])

    op.create_table(
        "audit_leaf",
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("checkpoint_size", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("leaf_index >= 0", name="leaf_index_is_not_negative"),
        sa.CheckConstraint("octet_length(leaf_hash) = 32", name="leaf_hash_is_sha256"),
        sa.ForeignKeyConstraint(["checkpoint_size"], ["audit_checkpoint.tree_size"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["event_id"], ["audit_event.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("leaf_index"),
        sa.UniqueConstraint("event_id"),
    )
    op.create_index(op.f("ix_audit_leaf_checkpoint_size"), "audit_leaf", ["checkpoint_size"])

    op.create_table(
        "audit_pending",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["audit_event.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("event_id"),
    )

    op.create_table(
        "identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=False),
        sa.Column(
            "provider",
            sa.Enum(
                "slack",
                "oidc",
                "ssh_key",
                name="identity_provider",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("issuer", sa.String(length=512), nullable=False),
        sa.Column("subject", sa.String(length=512), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("provider", "issuer", "subject", name="identity_is_one_principal"),
    )
    op.create_index(op.f("ix_identity_principal_id"), "identity", ["principal_id"])

    op.create_table(
        "access_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=False),
        sa.Column("resource", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=128), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.Column("revoke_reason", sa.Text(), nullable=True),
        sa.Column("expiry_noted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoke_reason IS NULL)", name="grant_revocation_has_a_reason"),
        sa.CheckConstraint("expires_at > not_before", name="grant_ends_after_it_starts"),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["request_id"], ["access_request.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["revoked_by"], ["principal.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "access_grant_expiring",
        "access_grant",
        ["expires_at"],
        postgresql_where="revoked_at IS NULL AND expiry_noted_at IS NULL",
    )
    op.create_index("access_grant_one_a_request", "access_grant", ["request_id"], unique=True)
    op.create_index(op.f("ix_access_grant_principal_id"), "access_grant", ["principal_id"])

    op.create_table(
        "session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column(
            "protocol",
            sa.Enum(
                "ssh",
                "postgres",
                "kubernetes",
                name="session_protocol",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("client_address", sa.String(length=255), nullable=False),
        sa.Column("client_software", sa.String(length=255), nullable=False),
        sa.Column(
            "state",
            sa.Enum("active", "ended", name="session_state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "end_reason",
            sa.Enum(
                "closed",
                "expired",
                "revoked",
                "interrupted",
                "shutdown",
                "storage_lost",
                "recorder_failed",
                "policy_error",
                "client_error",
                "upstream_error",
                name="session_end_reason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("end_detail", sa.Text(), server_default="", nullable=False),
        sa.Column("statements", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("masked", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("rows", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bytes_out", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("denied", sa.Integer(), nullable=False),
        sa.Column("recording_root", sa.String(length=64), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'active') = (end_reason IS NULL)", name="session_end_has_a_reason"),
        sa.CheckConstraint("(state = 'active') = (ended_at IS NULL)", name="session_is_active_or_ended"),
        sa.ForeignKeyConstraint(["grant_id"], ["access_grant.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["instance_id"], ["proxy_instance.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_session_grant_id"), "session", ["grant_id"])
    op.create_index("session_active", "session", ["instance_id"], postgresql_where="state = 'active'")

    op.create_table(
        "recording_segment",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=512), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("size_bytes >= 0", name="segment_size_is_not_negative"),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("session_id", "number"),
    )

    op.create_table(
        "statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "allow",
                "deny",
                "review",
                name="statement_verdict",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("rule", sa.String(length=128), nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "approved",
                "denied",
                "expired",
                "cancelled",
                name="statement_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("reviewers", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decision_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("(verdict = 'review') = (state IS NOT NULL)", name="statement_review_has_a_state"),
        sa.CheckConstraint("verdict <> 'allow'", name="statement_is_held_or_denied"),
        sa.ForeignKeyConstraint(["decided_by"], ["principal.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_statement_session_id"), "statement", ["session_id"])
    op.create_index("statement_pending", "statement", ["expires_at"], postgresql_where="state = 'pending'")

    op.create_table(
        "review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("statement_id", sa.Uuid(), nullable=True),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column(
            "decision",
            sa.Enum("approve", "deny", name="review_decision", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("num_nonnulls(request_id, statement_id) = 1", name="review_is_of_one_thing"),
        sa.ForeignKeyConstraint(["request_id"], ["access_request.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["reviewer_id"], ["principal.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("review_once_a_request", "review", ["request_id", "reviewer_id"], unique=True)
    op.create_index("review_once_a_statement", "review", ["statement_id", "reviewer_id"], unique=True)
