"""What completes the commands, read by the shells that are here."""

import shutil
import subprocess

import pytest

from client.commands import COMMANDS
from client.completion import script
from client.errors import Failed

#: Asks bash what it would complete: the words so far are its arguments.
ASK = """
eval "$1"; shift
gatepass() { echo payments-db; }
COMP_WORDS=(gatepass "$@"); COMP_CWORD=$#
_gatepass; printf '%s\\n' "${COMPREPLY[@]}"
"""


def completed(*words: str) -> list[str]:
    done = subprocess.run(
        ["bash", "-c", ASK, "-", script("bash"), *words], capture_output=True, text=True, check=True, cwd="/"
    )
    assert not done.stderr
    return done.stdout.split()


def test_bash_completes_commands_options_and_resources() -> None:
    assert completed("ps") == ["psql"]
    assert "--reason" in completed("psql", "--r")
    assert completed("psql", "pay") == ["payments-db"]
    assert completed("config", "s") == ["ssh"]
    assert "etc" in completed("scp", "et")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_knows_every_command(shell: str) -> None:
    text = script(shell)
    assert [each.name for each in COMMANDS if not each.hidden and each.name not in text] == []
    assert "ssh-ready" not in text
    if found := shutil.which(shell):
        subprocess.run([found, "-n"], input=text, text=True, check=True)


def test_other_shells_are_none() -> None:
    with pytest.raises(Failed, match="bash"):
        script("tcsh")
