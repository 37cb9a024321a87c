"""What a sign-in was given ends with it."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "browser_session",
        sa.Column("line", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
    )
    op.create_index(op.f("ix_browser_session_line"), "browser_session", ["line"], unique=False)
    op.add_column("issued_credential", sa.Column("sign_in", sa.UUID(), nullable=True))
