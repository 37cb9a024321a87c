"""What a sign-in was given ends with it, is forgotten once it is long over, and may be touched for."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

#: Rows of these are deleted a day after they opened anything.
FORGOTTEN = ("ssh_certificate", "ssh_login", "ssh_key_text")


def upgrade() -> None:
    op.add_column(
        "browser_session",
        sa.Column("line", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
    )
    op.add_column("browser_session", sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE browser_session SET proven_at = created_at")
    op.alter_column("browser_session", "proven_at", nullable=False)
    op.create_index(op.f("ix_browser_session_line"), "browser_session", ["line"], unique=False)
    op.add_column("issued_credential", sa.Column("sign_in", sa.UUID(), nullable=True))
    for table in FORGOTTEN:
        op.create_index(f"{table}_expiring", table, ["expires_at"], unique=False)
        op.execute(f"GRANT DELETE ON {table} TO gatepass_program")
    op.create_table(
        "wanted_touch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.UUID(), nullable=False),
        sa.Column("browser_id", sa.UUID(), nullable=False),
        sa.Column("grant_id", sa.UUID(), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touch_id", sa.UUID(), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("touch_id IS NULL OR refused_at IS NULL", name="wanted_touch_one_answer"),
        sa.ForeignKeyConstraint(["browser_id"], ["browser_session.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["grant_id"], ["access_grant.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["touch_id"], ["touch.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("wanted_touch_expiring", "wanted_touch", ["expires_at"], unique=False)
    op.create_index(op.f("ix_wanted_touch_browser_id"), "wanted_touch", ["browser_id"], unique=False)
    op.create_index(op.f("ix_wanted_touch_grant_id"), "wanted_touch", ["grant_id"], unique=False)
    op.create_index(op.f("ix_wanted_touch_principal_id"), "wanted_touch", ["principal_id"], unique=False)
    op.execute("GRANT SELECT, INSERT, UPDATE (touch_id, refused_at), DELETE ON wanted_touch TO gatepass_program")
