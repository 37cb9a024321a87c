"""What a link lets in ends with the sign-in of the browser that let it in."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

#: As before, and the sign-in stays with the rest.
STAYS = """
CREATE OR REPLACE FUNCTION ssh_login_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('refused', 'over', 'used') AND NEW.state IS DISTINCT FROM OLD.state
            OR OLD.state = 'allowed' AND NEW.state NOT IN ('allowed', 'used', 'over')
            OR OLD.credential IS NOT NULL AND (NEW.principal_id, NEW.grant_id, NEW.credential, NEW.sign_in)
                IS DISTINCT FROM (OLD.principal_id, OLD.grant_id, OLD.credential, OLD.sign_in) THEN
        RAISE EXCEPTION 'SSH login % was decided, and stays so', OLD.id;
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.add_column("ssh_login", sa.Column("sign_in", sa.UUID(), nullable=True))
    op.execute("GRANT UPDATE (sign_in) ON ssh_login TO gatepass_program")
    op.execute(STAYS)
