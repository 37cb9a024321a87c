"""The operator's commands, as far as they need neither storage nor Slack."""

from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app, main
from proxy.ssh.host_key import host_key, public_line


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


@pytest.mark.finding("use-28")
@pytest.mark.parametrize(("port", "where"), [("2222", "[gate.example.com]:2222"), ("22", "gate.example.com")])
def test_the_host_key_is_printed_as_known_hosts_has_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, port: str, where: str
) -> None:
    """What is printed names the key that the SSH port shows, also before it was ever started."""
    monkeypatch.setenv("GATEPASS_HOME", str(tmp_path))
    monkeypatch.setenv("GATEPASS_PUBLIC_HOST", "gate.example.com")
    monkeypatch.setenv("GATEPASS_PUBLIC_SSH_PORT", port)
    ran = CliRunner().invoke(app, ["known-hosts"])
    assert ran.exit_code == 0
    assert ran.output == f"{where} {public_line(host_key(tmp_path / 'keys'))}\n"


@pytest.mark.finding("use-25")
def test_every_error_has_the_same_prefix(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "gatepass.yml"
    path.write_text("version: 2\npeple: {}\n")
    monkeypatch.setattr("sys.argv", ["gatepass", "check", str(path)])
    with pytest.raises(SystemExit) as left:
        main()
    lines = capfd.readouterr().err.splitlines()
    assert (left.value.code, len(lines)) == (1, 2)
    assert all(line.startswith(f"gatepass: {path}:") for line in lines), lines
