"""`python -m scripts.migration NAME`: write the migration that makes the tables what the models say.

It starts an embedded PostgreSQL in a temporary folder, applies every migration there is, and lets Alembic compare. What
Alembic does not see (docs/contributing/change-a-table.md has the list) is for whoever reads the file it makes. A new
table gets the rights that the program needs on most tables, to be narrowed by hand.
"""

import asyncio
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alembic import command
from alembic.operations import ops
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Enum
from sqlalchemy.engine import Connection

from storage.database import Database
from storage.embedded.server import Embedded
from storage.migrate import alembic_config, migrate

_NAME = re.compile(r"[a-z][a-z0-9_]{2,39}")


def main(arguments: list[str]) -> int:
    """Write the file and say where it is; returns the exit code."""
    if len(arguments) != 1 or not _NAME.fullmatch(arguments[0]):
        print("usage: make migration NAME=what_changes   (lower-case words joined by underscores)", file=sys.stderr)
        return 2
    with TemporaryDirectory(prefix="gatepass-") as folder, Embedded(Path(folder)) as embedded:
        path = asyncio.run(write(embedded.dsn, arguments[0]))
    _format(path)
    print(f"{path.relative_to(Path.cwd())} is yours to read, mend and test: see docs/contributing/change-a-table.md.")
    return 0


async def write(dsn: str, name: str) -> Path:
    """Migrate the empty database at `dsn`, compare it with the models, write the difference as the next revision."""
    await migrate(dsn)
    database = Database(dsn, program_role=None, pool_size=1)
    try:
        async with database.transaction() as transaction:
            return await (await transaction.connection()).run_sync(_revise, name)
    finally:
        await database.close()


def _revise(connection: Connection, name: str) -> Path:
    config = alembic_config()
    config.attributes["connection"] = connection
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
    made = command.revision(
        config,
        f"{name.replace('_', ' ').capitalize()}.",
        autogenerate=True,
        rev_id=f"{number:04}",
        process_revision_directives=complete,
    )
    assert isinstance(made, Script)
    return Path(made.path)


def complete(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """What Alembic leaves to us: the program's own role may use a new table; no CHECK is made twice."""
    for script in directives:
        steps: list[Any] = script.upgrade_ops.ops
        for step in list(steps):
            if isinstance(step, ops.ModifyTableOps):
                step.ops = _without_checks_of_new_columns(step.ops)
            elif isinstance(step, ops.CreateTableOp):
                steps.append(ops.ExecuteSQLOp(f"GRANT SELECT, INSERT, UPDATE ON {step.table_name} TO gatepass_program"))


def _without_checks_of_new_columns(steps: Sequence[Any]) -> list[Any]:
    """Adding an enumeration's column makes its CHECK with it."""
    types = [step.column.type for step in steps if isinstance(step, ops.AddColumnOp)]
    made = {kind.name for kind in types if isinstance(kind, Enum)}
    return [
        step for step in steps if not (isinstance(step, ops.CreateCheckConstraintOp) and step.constraint_name in made)
    ]


def _format(path: Path) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    for arguments in (["check", "--select=I", "--fix"], ["format"]):
        subprocess.run([ruff, *arguments, "--quiet", "--isolated", "--line-length=120", path], check=True)  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
