"""What a new migration gets beside what Alembic writes, and which names it takes."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.operations import ops

from scripts.migration import complete, main


def completed(*steps: Any) -> list[Any]:
    script = ops.MigrationScript("0002", ops.UpgradeOps([*steps]), ops.DowngradeOps([]))
    complete(None, None, [script])
    assert script.upgrade_ops is not None
    return list(script.upgrade_ops.ops)


def test_the_program_may_use_a_new_table() -> None:
    made = ops.CreateTableOp("paint", [sa.Column("id", sa.Uuid())])
    grant = completed(made)[-1]
    assert grant.sqltext == "GRANT SELECT, INSERT, UPDATE ON paint TO gatepass_program"


def test_a_check_that_comes_with_its_column_is_not_made_twice() -> None:
    colour = sa.Column("colour", sa.Enum("red", name="grant_colour", native_enum=False, create_constraint=True))
    add = ops.AddColumnOp("access_grant", colour)
    own = ops.CreateCheckConstraintOp("grant_note_is_said", "access_grant", "note <> ''")
    twice = ops.CreateCheckConstraintOp("grant_colour", "access_grant", "colour IN ('red')")
    (table,) = completed(ops.ModifyTableOps("access_grant", [add, own, twice]))
    assert table.ops == [add, own]


@pytest.mark.parametrize("arguments", [[], [""], ["Grants"], ["a b"], ["../x"], ["one", "two"]])
def test_a_name_that_is_no_file_name_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "make migration NAME=" in capsys.readouterr().err
