"""What `gatepass` loads for whom."""

import subprocess
import sys

import pytest

from cli.entry import dispatch
from cli.main import COMMANDS

#: What an engineer's command has no use for, and must not wait for.
HEAVY = (
    "access",
    "aiohttp",
    "argparse",
    "asyncio",
    "importlib.metadata",
    "keyring",
    "pydantic",
    "rich",
    "sqlalchemy",
    "typer",
)


def ran(*words: str, without: str = "") -> subprocess.CompletedProcess[str]:
    code = f"""
import sys
for each in {without!r}.split():
    sys.modules[each] = None
sys.argv = ["gatepass", *{words!r}]
from cli.entry.dispatch import main
try:
    main()
finally:
    print("LOADED", *sys.modules, file=sys.stderr)
"""
    environment = {"XDG_CONFIG_HOME": "/nonexistent", "HOME": "/nonexistent", "COLUMNS": "120"}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)


def test_connecting_loads_nothing_that_it_does_not_need() -> None:
    done = ran("psql", "db", "-c", "select 1")
    loaded = done.stderr.partition("LOADED")[2].split()
    assert done.returncode == 78
    assert [each for each in HEAVY if each in loaded] == []


@pytest.mark.parametrize("words", [(), ("--help",), ("help",)])
def test_help_has_both_kinds(words: tuple[str, ...]) -> None:
    done = ran(*words)
    assert done.returncode == 0
    for each in ("psql", "Your access:", "serve", "The server, for its operators:"):
        assert each in done.stdout
    assert "not installed" not in done.stdout


def test_without_the_server_its_commands_say_what_to_install() -> None:
    done = ran("serve", without="sqlmodel typer aiohttp")
    assert (done.returncode, "pip install 'gatepass[server]'" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr
    assert "not installed" in ran("--help", without="sqlmodel typer aiohttp").stdout
    done = ran("psqql", without="sqlmodel typer aiohttp")
    assert (done.returncode, "no command 'psqql'" in done.stderr) == (64, True)


def test_a_mistyped_command_is_told_the_one_that_was_meant() -> None:
    done = ran("sesions", "list")
    loaded = done.stderr.partition("LOADED")[2].split()
    assert done.returncode == 64
    assert "no command 'sesions'. Did you mean `gatepass sessions`?" in done.stderr
    assert [each for each in HEAVY if each in loaded] == []


def test_an_operators_command_loads_no_room_but_those_it_looks_into() -> None:
    done = ran("audit", "--help")
    loaded = done.stderr.partition("LOADED")[2].split()
    assert (done.returncode, "verify" in done.stdout) == (0, True)
    assert [each for each in ("aiohttp", "asyncssh", "slack_bolt", "postgast", "web.app") if each in loaded] == []


def test_the_operators_commands_are_those_that_there_are() -> None:
    assert set(dispatch._operators()) == set(COMMANDS)


def test_the_version_is_said() -> None:
    assert ran("--version").stdout.startswith("gatepass ")
