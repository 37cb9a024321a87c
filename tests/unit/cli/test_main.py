"""The operator's commands, as far as they need neither storage nor Slack."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import application, main
from proxy.ssh.host_key import host_key, public_line


def test_the_version_is_printed_and_nothing_else_happens() -> None:
    ran = CliRunner().invoke(application(), ["--version"])
    assert (ran.exit_code, ran.output) == (0, f"gatepass {version('gatepass')}\n")


def test_help_says_what_the_program_is() -> None:
    ran = CliRunner().invoke(application(), ["--help"])
    assert ran.exit_code == 0
    assert "Just-in-time access from Slack, with the gateway inside." in ran.output


def test_the_schema_is_printed_as_its_file_has_it() -> None:
    """`gatepass schema > docs/gatepass.schema.json` makes the file that is published."""
    published = Path(__file__).parents[3] / "docs" / "gatepass.schema.json"
    assert CliRunner().invoke(application(), ["schema"]).output == published.read_text(encoding="utf-8")


@pytest.mark.finding("use-28")
@pytest.mark.parametrize(("port", "where"), [("2222", "[gate.example.com]:2222"), ("22", "gate.example.com")])
def test_the_host_key_is_printed_as_known_hosts_has_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, port: str, where: str
) -> None:
    """What is printed names the key that the SSH port shows, also before it was ever started."""
    monkeypatch.setenv("GATEPASS_HOME", str(tmp_path))
    monkeypatch.setenv("GATEPASS_PUBLIC_HOST", "gate.example.com")
    monkeypatch.setenv("GATEPASS_PUBLIC_SSH_PORT", port)
    ran = CliRunner().invoke(application(), ["known-hosts"])
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


GATEPASS = Path(sys.executable).with_name("gatepass")


def said(*words: str | bytes, home: Path, stdout: int | None = None) -> tuple[int, str]:
    """Run a command with a home of its own: its exit status and what it said on standard error."""
    ran = subprocess.run(
        [GATEPASS, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if stdout is None else stdout,
        stderr=subprocess.PIPE,
        cwd=home,
        env={"PATH": os.defpath, "GATEPASS_HOME": str(home)},
        check=False,
        timeout=60,
    )
    return ran.returncode, ran.stderr.decode()


@pytest.mark.parametrize("words", [("schema",), ("known-hosts",)])
def test_an_output_that_takes_no_more_is_one_sentence(tmp_path: Path, words: tuple[str, ...]) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        status, told = said(*words, home=tmp_path, stdout=full)
    finally:
        os.close(full)
    assert status != 0
    assert "gatepass: What was to be printed cannot be written (No space left on device).\n" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(("word", "name"), [("ca", "ca"), ("known-hosts", "keys")])
def test_a_file_in_a_folders_place_is_one_sentence(tmp_path: Path, word: str, name: str) -> None:
    (tmp_path / name).touch()
    assert said(word, home=tmp_path) == (1, f"gatepass: {tmp_path / name}: Not a directory.\n")


def test_what_somebody_typed_does_nothing_to_the_terminal(tmp_path: Path) -> None:
    status, told = said("check", b"\x1b]0;x\x07\xff.yml", home=tmp_path)
    assert status == 1
    assert told == "gatepass: \\x1b]0;x\\x07\\udcff.yml: cannot be read: No such file or directory\n"
