"""The operator's commands, as far as they need neither storage nor Slack."""

from importlib.metadata import version
from pathlib import Path

from typer.testing import CliRunner

from cli.main import app


def test_the_version_is_printed_and_nothing_else_happens() -> None:
    ran = CliRunner().invoke(app, ["--version"])
    assert (ran.exit_code, ran.output) == (0, f"gatepass {version('gatepass')}\n")


def test_help_says_what_the_program_is() -> None:
    ran = CliRunner().invoke(app, ["--help"])
    assert ran.exit_code == 0
    assert "Just-in-time access from Slack, with the gateway inside." in ran.output


def test_the_schema_is_printed_as_its_file_has_it() -> None:
    """`gatepass schema > docs/gatepass.schema.json` makes the file that is published."""
    published = Path(__file__).parents[3] / "docs" / "gatepass.schema.json"
    assert CliRunner().invoke(app, ["schema"]).output == published.read_text(encoding="utf-8")
