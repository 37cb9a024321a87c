"""What the login of DATABASE_URL may do beyond what the program needs: it can drop the program's role at any time."""

from sqlalchemy import text

from storage.database import Database

_RIGHTS = text("""
    SELECT rolname, rolsuper,
           EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('audit_event')
                   AND pg_has_role(session_user, relowner, 'MEMBER')) AS owns
    FROM pg_roles WHERE rolname = session_user
""")


async def excess(database: Database) -> str:
    """A sentence about a login that is superuser or owns the tables; empty for one that is neither.

    Such a login can rewrite the audit log, whatever its role of the moment may. Raises StorageUnavailable.
    """
    async with database.transaction() as transaction:
        login = (await transaction.execute(_RIGHTS)).one()
    if not login.rolsuper and not login.owns:
        return ""
    what = "is a superuser" if login.rolsuper else "owns Gatepass's tables"
    return (
        f"The login {login.rolname} {what}, so whoever takes over this process can rewrite the audit log. Give "
        "DATABASE_URL a login of its own that has gatepass_program and nothing else, and "
        "GATEPASS_OWNER_DATABASE_URL the owner; see docs/operations.md."
    )
