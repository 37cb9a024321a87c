"""Alembic's entry: runs migrations on the connection that `storage.migrate` opened, inside its transaction."""

from alembic import context
from sqlmodel import SQLModel

import storage.model  # noqa: F401 - fills SQLModel.metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("Migrations run by `gatepass migrate`; see docs/architecture.md for writing a new one.")

context.configure(connection=connection, target_metadata=SQLModel.metadata, transactional_ddl=True)
context.run_migrations()
