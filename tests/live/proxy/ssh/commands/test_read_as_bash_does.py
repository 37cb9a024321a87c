"""What the grammar reads otherwise than bash, and a hostile client got past the judge, with a real sshd behind it."""

from pathlib import Path
from typing import Any

import pytest

from storage.model import ReviewDecision
from support.children import ended
from support.ssh import Decide, MakeClient


@pytest.fixture
def policy(policy: dict[str, Any]) -> dict[str, Any]:
    roles = policy["resources"]["web-1"]["roles"]
    forbidden = ["command:touch", "dynamic_command", "unparseable"]
    roles["guarded"]["statements"] = [
        {"name": "no", "match": forbidden, "verdict": "deny", "message": "No."},
        {"name": "ask", "match": ["command:rm"], "verdict": "review", "reviewers": ["reviewers"], "timeout": "10m"},
    ]
    roles["commands"]["statements"] = [
        {"name": "read", "match": ["command:sed", "command:sort", "command:cat", "command:env"], "verdict": "allow"},
        {"name": "else", "match": ["*"], "verdict": "deny", "message": "No."},
    ]
    return policy


@pytest.mark.parametrize(
    "line",
    ["bash <<'E'x\ntouch ran\nE", "ls -l2>&'$(touch ran)'", 'ls -1>&"\\`touch ran\\`"'],
)
async def test_a_denied_command_runs(client: MakeClient, tmp_path: Path, line: str) -> None:
    ssh = await client("guarded")
    done = await ssh.run(f"cd {tmp_path}; {line}")
    assert not (tmp_path / "ran").exists(), done
    assert done.status == 126


async def test_a_role_that_reads_writes(client: MakeClient, tmp_path: Path) -> None:
    ssh = await client("commands")
    (tmp_path / "f").write_text("old\n")
    done = await ssh.run(f"sed -i1>&2 s/old/new/ {tmp_path}/f")
    assert (done.status, (tmp_path / "f").read_text()) == (126, "old\n")


async def test_a_client_chooses_what_is_removed(client: MakeClient, decide: Decide, tmp_path: Path) -> None:
    ssh = await client("guarded")
    (tmp_path / "victim").mkdir()
    command = ["env", "TERM=victim", *ssh.command("-tt", ssh.destination, f"cd {tmp_path}; rm -rf $TE{{RM,ST}}")]
    waiting = await ssh.start(command)
    statement = await decide(ReviewDecision.APPROVE)
    await ended(waiting)
    assert "victim" not in statement.text
    assert (tmp_path / "victim").exists()


async def test_a_role_that_allows_one_command_runs_any(client: MakeClient, tmp_path: Path) -> None:
    """`$ $(…)` between double quotes: the grammar reads `$$` and text, bash a dollar and a substitution."""
    ssh = await client("commands")
    done = await ssh.run(f'cat /dev/null "$ $(touch {tmp_path}/ran)"')
    assert not (tmp_path / "ran").exists(), done
    assert done.status == 126


@pytest.mark.parametrize(
    "line",
    [
        "cat <<E\n`touch RAN`$x\nE",
        "cat <<E\n $(touch RAN)$x\nE",
        "env -u {fd}>&1 cat touch RAN",
        "env -u {fd}<<<x cat touch RAN",
        'cat <<<"$ $(touch RAN)"',
    ],
)
async def test_a_document_runs_what_is_not_judged(client: MakeClient, tmp_path: Path, line: str) -> None:
    ssh = await client("commands")
    done = await ssh.run(line.replace("RAN", f"{tmp_path}/ran"))
    assert not (tmp_path / "ran").exists(), done
    assert done.status == 126
