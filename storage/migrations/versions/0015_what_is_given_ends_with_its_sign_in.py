"""What a sign-in was given ends with it, and is forgotten once it is long over."""

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
    op.create_index(op.f("ix_browser_session_line"), "browser_session", ["line"], unique=False)
    op.add_column("issued_credential", sa.Column("sign_in", sa.UUID(), nullable=True))
    for table in FORGOTTEN:
        op.create_index(f"{table}_expiring", table, ["expires_at"], unique=False)
        op.execute(f"GRANT DELETE ON {table} TO gatepass_program")
