"""Alembic's entry: runs migrations on the connection that `storage.migrate` opened, inside its transaction.

`scripts.migration` comes this way too, to compare the tables with the models.
"""

from typing import Any

from alembic import context
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import storage.model  # noqa: F401 - fills SQLModel.metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("Migrations run by `gatepass migrate`; see docs/contributing/change-a-table.md for writing one.")


def plain(kind: str, item: Any, _context: Any) -> str | bool:
    """Write SQLModel's text columns as SQLAlchemy's, so that a migration does not depend on SQLModel."""
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.Text()"
    return False


context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    transactional_ddl=True,
    compare_server_default=True,
    render_item=plain,
    autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
)
context.run_migrations()
