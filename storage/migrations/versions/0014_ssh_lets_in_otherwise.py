"""SSH lets people in by certificates, by keys of their own, and by a browser."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

#: What of a row may change once it is written; the rest says whose it is and for what.
CHANGING = {
    "ssh_key": "last_used_at, ended_at, end_reason",
    "ssh_key_text": "used_at",
    "ssh_certificate": "revoked_at",
    "ssh_login": "misses, state, decided_at, principal_id, grant_id, credential",
}

#: What a post may be about; one more than before.
SUBJECTS = ("request", "statement", "session", "link", "security_key", "ssh_key")

#: What ended or was decided stays so.
STAYS = {
    "ssh_key": """
CREATE FUNCTION ssh_key_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL AND (NEW.ended_at, NEW.end_reason) IS DISTINCT FROM (OLD.ended_at, OLD.end_reason) THEN
        RAISE EXCEPTION 'SSH key % has ended, and stays so', OLD.id;
    END IF;
    RETURN NEW;
END $$
""",
    "ssh_key_text": """
CREATE FUNCTION ssh_key_text_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.used_at IS NOT NULL AND NEW.used_at IS DISTINCT FROM OLD.used_at THEN
        RAISE EXCEPTION 'text % was used, and stays so', OLD.id;
    END IF;
    RETURN NEW;
END $$
""",
    "ssh_certificate": """
CREATE FUNCTION ssh_certificate_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN
        RAISE EXCEPTION 'SSH certificate % was revoked, and stays so', OLD.id;
    END IF;
    RETURN NEW;
END $$
""",
    "ssh_login": """
CREATE FUNCTION ssh_login_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('refused', 'over', 'used') AND NEW.state IS DISTINCT FROM OLD.state
            OR OLD.state = 'allowed' AND NEW.state NOT IN ('allowed', 'used', 'over')
            OR OLD.credential IS NOT NULL AND (NEW.principal_id, NEW.grant_id, NEW.credential)
                IS DISTINCT FROM (OLD.principal_id, OLD.grant_id, OLD.credential) THEN
        RAISE EXCEPTION 'SSH login % was decided, and stays so', OLD.id;
    END IF;
    RETURN NEW;
END $$
""",
}


def upgrade() -> None:
    op.create_table(
        "ssh_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.UUID(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("vouched", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "end_reason",
            sa.Enum(
                "removed",
                "cloned",
                "left",
                "operator",
                name="ssh_key_end_reason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ssh_key_end_has_a_reason"),
        sa.CheckConstraint("octet_length(fingerprint) = 32", name="ssh_key_fingerprint_is_hashed"),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("fingerprint"),
    )
    op.create_index(op.f("ix_ssh_key_principal_id"), "ssh_key", ["principal_id"], unique=False)
    op.create_table(
        "ssh_key_text",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.UUID(), nullable=False),
        sa.Column("browser_id", sa.UUID(), nullable=False),
        sa.Column("text_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("octet_length(text_hash) = 32", name="ssh_key_text_is_hashed"),
        sa.ForeignKeyConstraint(["browser_id"], ["browser_session.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("text_hash"),
    )
    op.create_index(op.f("ix_ssh_key_text_browser_id"), "ssh_key_text", ["browser_id"], unique=False)
    op.create_index(op.f("ix_ssh_key_text_principal_id"), "ssh_key_text", ["principal_id"], unique=False)
    op.create_table(
        "ssh_certificate",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("principal_id", sa.UUID(), nullable=False),
        sa.Column("grant_id", sa.UUID(), nullable=False),
        sa.Column("browser_id", sa.UUID(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("octet_length(fingerprint) = 32", name="ssh_certificate_key_is_hashed"),
        sa.ForeignKeyConstraint(["browser_id"], ["browser_session.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["grant_id"], ["access_grant.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_ssh_certificate_browser_id"), "ssh_certificate", ["browser_id"], unique=False)
    op.create_index(op.f("ix_ssh_certificate_grant_id"), "ssh_certificate", ["grant_id"], unique=False)
    op.create_index(op.f("ix_ssh_certificate_principal_id"), "ssh_certificate", ["principal_id"], unique=False)
    op.create_table(
        "ssh_login",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("resource", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=128), nullable=False),
        sa.Column("client", sa.String(length=255), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("software", sa.String(length=255), nullable=False),
        sa.Column("number", sa.String(length=8), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "allowed",
                "refused",
                "over",
                "used",
                name="ssh_login_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("principal_id", sa.UUID(), nullable=True),
        sa.Column("grant_id", sa.UUID(), nullable=True),
        sa.Column("credential", sa.String(length=16), nullable=True),
        sa.CheckConstraint(
            "state NOT IN ('allowed', 'used') OR (grant_id IS NOT NULL AND credential IS NOT NULL)",
            name="ssh_login_is_allowed_by_a_grant",
        ),
        sa.CheckConstraint("grant_id IS NULL OR principal_id IS NOT NULL", name="ssh_login_is_allowed_by_somebody"),
        sa.CheckConstraint("octet_length(secret_hash) = 32", name="ssh_login_secret_is_hashed"),
        sa.ForeignKeyConstraint(["grant_id"], ["access_grant.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("secret_hash"),
    )
    op.create_index(op.f("ix_ssh_login_grant_id"), "ssh_login", ["grant_id"], unique=False)
    op.create_index(op.f("ix_ssh_login_principal_id"), "ssh_login", ["principal_id"], unique=False)
    op.create_index(
        "ssh_login_by_credential", "ssh_login", ["credential"], unique=True, postgresql_where="credential IS NOT NULL"
    )
    op.create_index("ssh_login_by_time", "ssh_login", ["created_at"], unique=False)
    op.create_index("ssh_login_waiting", "ssh_login", ["source"], unique=False, postgresql_where="state = 'waiting'")
    op.drop_constraint("post_subject", "post", type_="check")
    op.create_check_constraint("post_subject", "post", sa.column("subject").in_(SUBJECTS))
    for table, changing in CHANGING.items():
        op.execute(f"GRANT SELECT, INSERT ON {table} TO gatepass_program")
        op.execute(f"GRANT UPDATE ({changing}) ON {table} TO gatepass_program")
    op.execute("GRANT DELETE ON ssh_login TO gatepass_program")
    for table, stays in STAYS.items():
        op.execute(stays)
        op.execute(f"CREATE TRIGGER {table}_stays BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_stays()")
