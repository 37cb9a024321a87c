"""Security keys are touched."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

#: What of a row may change once it is written; the rest says whose it is and for what.
CHANGING = {
    "security_key": "sign_count, backed_up, last_used_at, ended_at, end_reason",
    "touch": "answered_at, verified_at, key_id, user_verified, spent_at, token",
}

#: What a post may be about, and for; one more than before.
POSTS = {
    "subject": ("request", "statement", "session", "link", "security_key"),
    "purpose": ("card", "reply", "digest", "notice"),
}

KEY_STAYS_ENDED = """
CREATE FUNCTION security_key_stays_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL AND (NEW.ended_at, NEW.end_reason) IS DISTINCT FROM (OLD.ended_at, OLD.end_reason) THEN
        RAISE EXCEPTION 'security key % has ended, and stays so', OLD.id;
    END IF;
    IF NEW.sign_count < OLD.sign_count THEN
        RAISE EXCEPTION 'the counter of security key % only grows', OLD.id;
    END IF;
    RETURN NEW;
END $$
"""

TOUCH_COUNTS_ONCE = """
CREATE FUNCTION touch_counts_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.answered_at IS NOT NULL AND NEW.answered_at IS DISTINCT FROM OLD.answered_at
            OR OLD.verified_at IS NOT NULL AND (NEW.verified_at, NEW.key_id, NEW.user_verified)
                IS DISTINCT FROM (OLD.verified_at, OLD.key_id, OLD.user_verified)
            OR OLD.spent_at IS NOT NULL AND (NEW.spent_at, NEW.token) IS DISTINCT FROM (OLD.spent_at, OLD.token) THEN
        RAISE EXCEPTION 'touch % counted once, and stays so', OLD.id;
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "security_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.UUID(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("aaguid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("backup_eligible", sa.Boolean(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "end_reason",
            sa.Enum(
                "removed",
                "cloned",
                "left",
                name="security_key_end_reason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="security_key_end_has_a_reason"),
        sa.CheckConstraint("sign_count >= 0", name="security_key_counter_is_not_negative"),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("credential_id"),
    )
    op.create_index(op.f("ix_security_key_principal_id"), "security_key", ["principal_id"], unique=False)
    op.create_table(
        "touch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.UUID(), nullable=False),
        sa.Column("browser_id", sa.UUID(), nullable=False),
        sa.Column("challenge_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "ask",
                "approve",
                "token",
                "add_key",
                "register",
                "end_key",
                name="touch_purpose",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("key_id", sa.UUID(), nullable=True),
        sa.Column("user_verified", sa.Boolean(), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token", sa.String(length=32), nullable=True),
        sa.CheckConstraint("octet_length(challenge_hash) = 32", name="touch_challenge_is_hashed"),
        sa.CheckConstraint("verified_at IS NULL OR answered_at IS NOT NULL", name="touch_is_answered_before_verified"),
        sa.CheckConstraint("(verified_at IS NULL) = (key_id IS NULL)", name="touch_is_of_a_key"),
        sa.CheckConstraint("spent_at IS NULL OR verified_at IS NOT NULL", name="touch_is_verified_before_spent"),
        sa.ForeignKeyConstraint(["browser_id"], ["browser_session.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["key_id"], ["security_key.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_touch_browser_id"), "touch", ["browser_id"], unique=False)
    op.create_index(op.f("ix_touch_principal_id"), "touch", ["principal_id"], unique=False)
    op.create_index("touch_by_challenge", "touch", ["challenge_hash"], unique=True)
    op.create_index("touch_by_token", "touch", ["token"], unique=True, postgresql_where="token IS NOT NULL")
    op.create_table(
        "ask_draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.UUID(), nullable=False),
        sa.Column("resource", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=128), nullable=False),
        sa.Column("duration_s", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ticket", sa.String(length=128), nullable=True),
        sa.Column("beside", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_ask_draft_principal_id"), "ask_draft", ["principal_id"], unique=False)
    proof = {"server_default": sa.text("'{}'::jsonb"), "nullable": False}
    op.add_column("review", sa.Column("proof", postgresql.JSONB(astext_type=sa.Text()), **proof))
    op.add_column("review", sa.Column("touch_id", sa.UUID(), nullable=True))
    op.create_foreign_key(None, "review", "touch", ["touch_id"], ["id"], ondelete="RESTRICT")
    op.add_column("session", sa.Column("proof", postgresql.JSONB(astext_type=sa.Text()), **proof))
    for column, words in POSTS.items():
        op.drop_constraint(f"post_{column}", "post", type_="check")
        op.create_check_constraint(f"post_{column}", "post", sa.column(column).in_(words))
    for table, changing in CHANGING.items():
        op.execute(f"GRANT SELECT, INSERT ON {table} TO gatepass_program")
        op.execute(f"GRANT UPDATE ({changing}) ON {table} TO gatepass_program")
    op.execute("GRANT SELECT, INSERT ON ask_draft TO gatepass_program")
    op.execute(KEY_STAYS_ENDED)
    op.execute(TOUCH_COUNTS_ONCE)
    op.execute(
        "CREATE TRIGGER security_key_stays_ended BEFORE UPDATE ON security_key "
        "FOR EACH ROW EXECUTE FUNCTION security_key_stays_ended()"
    )
    op.execute(
        "CREATE TRIGGER touch_counts_once BEFORE UPDATE ON touch FOR EACH ROW EXECUTE FUNCTION touch_counts_once()"
    )
