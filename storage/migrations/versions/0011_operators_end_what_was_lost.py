"""Operators end what was lost."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

#: Why sign-ins and keys end; one more than before.
REASONS = {
    "browser_session": (
        "signed_out",
        "signed_out_everywhere",
        "replaced",
        "provider",
        "left",
        "replayed",
        "operator",
    ),
    "security_key": ("removed", "cloned", "left", "operator"),
}


def upgrade() -> None:
    for table, words in REASONS.items():
        op.drop_constraint(f"{table}_end_reason", table, type_="check")
        op.create_check_constraint(f"{table}_end_reason", table, sa.column("end_reason").in_(words))
