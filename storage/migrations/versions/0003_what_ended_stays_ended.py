"""What ended stays ended: of grants and sessions the program's role may change what changes, and nothing else."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: Said once, when the row is written; whoever could change them could give themselves more time or another door.
FIXED = {
    "access_grant": ("id", "request_id", "principal_id", "resource", "role", "created_at"),
    "session": ("id", "grant_id", "protocol", "client_address", "client_software", "started_at"),
}

#: Every other column that the table has by now; a later migration that adds one grants it too.
GRANT_THE_REST = """
DO $$
DECLARE
    changing text;
BEGIN
    SELECT string_agg(quote_ident(attname), ', ') INTO changing FROM pg_attribute
    WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT IN ({fixed});
    EXECUTE format('GRANT UPDATE (%s) ON {table} TO gatepass_program', changing);
END $$
"""

GRANT_ENDS_NO_LATER = """
CREATE FUNCTION grant_ends_no_later() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.expires_at > OLD.expires_at OR NEW.expires_at IS NULL THEN
        RAISE EXCEPTION 'grant % ends when it was said to end, or earlier', OLD.id;
    END IF;
    IF OLD.revoked_at IS NOT NULL AND (NEW.revoked_at, NEW.revoked_by, NEW.revoke_reason)
            IS DISTINCT FROM (OLD.revoked_at, OLD.revoked_by, OLD.revoke_reason) THEN
        RAISE EXCEPTION 'grant % was revoked, and stays so', OLD.id;
    END IF;
    RETURN NEW;
END $$
"""

SESSION_STAYS_ENDED = """
CREATE FUNCTION session_stays_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'ended' AND (NEW.state, NEW.ended_at, NEW.end_reason, NEW.recording_root)
            IS DISTINCT FROM (OLD.state, OLD.ended_at, OLD.end_reason, OLD.recording_root) THEN
        RAISE EXCEPTION 'session % has ended, and stays so', OLD.id;
    END IF;
    RETURN NEW;
END $$
"""

#: Nobody needs temporary tables here; a database is made with leave for everybody to make them.
NO_TEMPORARY_TABLES = """
DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$
"""


def upgrade() -> None:
    for table, fixed in FIXED.items():
        op.execute(f"REVOKE UPDATE ON {table} FROM gatepass_program")
        op.execute(GRANT_THE_REST.format(table=table, fixed=", ".join(f"'{column}'" for column in fixed)))
    op.execute(GRANT_ENDS_NO_LATER)
    op.execute(SESSION_STAYS_ENDED)
    op.execute(
        "CREATE TRIGGER grant_ends_no_later BEFORE UPDATE ON access_grant "
        "FOR EACH ROW EXECUTE FUNCTION grant_ends_no_later()"
    )
    op.execute(
        "CREATE TRIGGER session_stays_ended BEFORE UPDATE ON session "
        "FOR EACH ROW EXECUTE FUNCTION session_stays_ended()"
    )
    op.execute(NO_TEMPORARY_TABLES)
