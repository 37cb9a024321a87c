"""What a role's `allow` and its rules do to requests: refused, held, withdrawn, with a sentence where people look."""

import asyncio
import json
import os
from pathlib import Path

import pytest
from asyncssh.packet import String

from access.context import Access
from storage.model import HoldState, ReviewDecision
from support.children import ended
from support.ssh import Audited, Decide, Held, MakeClient, Recorded, Sessions, connected


async def test_a_denied_command_is_not_run(
    client: MakeClient, sessions: Sessions, audited: Audited, tmp_path: Path
) -> None:
    ssh = await client("guarded")
    mark = tmp_path / "ran"
    done = await ssh.run(f"touch {mark} && reboot --help")
    assert done.status == 126
    assert "gatepass: Hosts are restarted elsewhere. (rule no-reboot)" in done.stderr
    assert not mark.exists()
    (session,) = await sessions()
    assert (session.denied, session.statements, session.end_reason) == (1, {"exec": 1}, "closed")
    assert len(await audited("proxy:statement:deny")) == 1


async def test_what_no_rule_names_runs(client: MakeClient) -> None:
    ssh = await client("guarded")
    assert (await ssh.run("echo fine")).stdout == b"fine\n"


async def test_what_cannot_be_read_is_denied_on_a_guarded_role(client: MakeClient) -> None:
    ssh = await client("guarded")
    done = await ssh.run("echo 'unfinished")
    assert done.status == 126
    assert "could not parse" in done.stderr


async def test_a_held_command_waits_and_runs_when_approved(client: MakeClient, decide: Decide, tmp_path: Path) -> None:
    ssh = await client("guarded")
    target = tmp_path / "target"
    target.touch()
    waiting = await ssh.start(ssh.command(ssh.destination, f"cat; rm {target}; echo gone; exit 3"))
    assert waiting.stdin is not None
    waiting.stdin.write(b"typed while it waits\n")
    statement = await decide(ReviewDecision.APPROVE)
    stdout, stderr = await ended(waiting)
    assert (waiting.returncode, stdout) == (3, b"typed while it waits\ngone\n")
    assert b"gatepass: This statement waits for review by bob" in stderr
    assert not target.exists()
    assert "rm" in statement.text


@pytest.mark.finding("H2")
async def test_a_second_request_of_the_channel_runs_nothing(
    client: MakeClient, held: Held, decide: Decide, tmp_path: Path
) -> None:
    ssh = await client("guarded")
    target, other = tmp_path / "target", tmp_path / "other"
    target.touch()
    async with connected(ssh) as connection:
        opening = asyncio.create_task(connection.run(f"rm {target}; echo done"))
        statement = await held()
        (channel,) = connection._channels.values()
        for command in (f"touch {other}", f"rm {target} {other}"):
            assert not await channel._make_request(b"exec", String(command))
        await decide(ReviewDecision.APPROVE)
        done = await opening
    assert (done.stdout, done.exit_status) == ("done\n", 0)
    assert str(target) in statement.text
    assert not target.exists()
    assert not other.exists()


async def test_a_held_command_is_refused_with_the_reviewers_reason(
    client: MakeClient, decide: Decide, tmp_path: Path
) -> None:
    ssh = await client("guarded")
    target = tmp_path / "target"
    target.touch()
    waiting = await ssh.start(ssh.command(ssh.destination, f"rm {target}"))
    await decide(ReviewDecision.DENY, "Not on a Friday.")
    _, stderr = await ended(waiting)
    assert waiting.returncode == 126
    assert b"denied by bob: Not on a Friday." in stderr
    assert target.exists()


async def test_a_client_that_hangs_up_withdraws_what_it_held(
    client: MakeClient, held: Held, sessions: Sessions, access: Access, tmp_path: Path
) -> None:
    ssh = await client("guarded")
    waiting = await ssh.start(ssh.command(ssh.destination, f"rm {tmp_path}/target"))
    statement = await held()
    waiting.kill()
    await ended(waiting)
    await sessions()
    async with access.database.transaction() as transaction:
        after = await transaction.get_one(type(statement), statement.id)
    assert after.state is HoldState.CANCELLED


async def test_ctrl_c_on_a_terminal_withdraws(
    client: MakeClient, held: Held, sessions: Sessions, access: Access
) -> None:
    ssh = await client("guarded")
    waiting = await ssh.start(ssh.command("-tt", ssh.destination, "rm /nowhere"))
    statement = await held()
    assert waiting.stdin is not None
    waiting.stdin.write(b"\x03")
    stdout, stderr = await ended(waiting)
    assert waiting.returncode == 130
    assert b"Withdrawn; nothing was run." in stderr + stdout
    await sessions()
    async with access.database.transaction() as transaction:
        assert (await transaction.get_one(type(statement), statement.id)).state is HoldState.CANCELLED


async def test_secrets_and_cards_in_a_command_are_not_recorded(
    client: MakeClient, recorded: Recorded, tmp_path: Path, decide: Decide
) -> None:
    ssh = await client("guarded")
    command = "mysql -ps3cret -e x; rm /nowhere"
    waiting = await ssh.start(ssh.command(ssh.destination, command))
    statement = await decide(ReviewDecision.APPROVE)
    await ended(waiting)
    assert (await ssh.run("true 4111111111111111; rm /nowhere")).status == 126
    await recorded()
    assert "s3cret" not in statement.text
    written = b"".join(path.read_bytes() for path in (tmp_path / "recordings").rglob("*.cast"))
    assert b"mysql -p*** -e x" in written
    assert b"s3cret" not in written
    assert b"4111111111111111" not in written


@pytest.mark.parametrize(
    ("role", "flags", "arguments", "what"),
    [
        ("commands", ["-tt"], [], "shell"),
        ("shells", [], ["echo no"], "exec"),
        ("files", [], ["echo no"], "exec"),
        ("deploy", ["-s"], ["sftp"], "sftp"),
    ],
)
async def test_a_role_allows_only_what_it_says(
    client: MakeClient, role: str, flags: list[str], arguments: list[str], what: str
) -> None:
    ssh = await client(role)
    done = await ssh.run(*arguments, flags=flags)
    assert done.status == 126
    assert f"gatepass: {role}@web-1 does not allow {what}; it allows" in done.stderr + done.stdout.decode()


async def test_an_unknown_subsystem_is_refused(client: MakeClient) -> None:
    ssh = await client()
    done = await ssh.run("netconf", flags=["-s"])
    assert (done.status, "has no subsystem netconf" in done.stderr) == (126, True)


async def test_sftp_works_where_it_is_allowed(
    client: MakeClient, sessions: Sessions, recorded: Recorded, tmp_path: Path
) -> None:
    ssh = await client("files")
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(os.urandom(3_000_000))
    copy = ["scp", *ssh.flags, "-P", str(ssh.port), f"{ssh.destination}:{source}", str(target)]
    done = await ssh.finish(copy)
    assert done.status == 0, done.stderr
    assert target.read_bytes() == source.read_bytes()
    (session,) = await sessions()
    assert session.statements == {"sftp": 1}
    assert {event[1] for event in await recorded()} == {"c", "f", "m"}


async def test_new_scp_says_why_it_fails_where_sftp_is_not_allowed(client: MakeClient, tmp_path: Path) -> None:
    ssh = await client()
    copy = ["scp", *ssh.flags, "-P", str(ssh.port), f"{ssh.destination}:/etc/hostname", str(tmp_path / "target")]
    done = await ssh.finish(copy)
    assert done.status != 0
    assert "does not allow sftp; it allows shell, exec" in done.stderr


@pytest.mark.finding("ssh-F15")
async def test_a_command_that_is_no_utf8_is_refused_with_a_sentence_and_recorded(
    client: MakeClient, recorded: Recorded, audited: Audited
) -> None:
    ssh = await client("deploy")
    done = await ssh.finish([*ssh.command(ssh.destination), os.fsdecode(b"ls caf\xe9")])
    assert done.status == 126
    assert "no UTF-8" in done.stderr
    assert [event[2] for event in await recorded() if event[1] == "m"] == ["exec (deny): ls caf\\xe9"]
    assert len(await audited("proxy:statement:deny")) == 1


@pytest.mark.finding("ssh-F18")
async def test_mosh_is_refused_with_a_sentence(client: MakeClient, recorded: Recorded) -> None:
    ssh = await client("deploy")
    done = await ssh.run("mosh-server new -s -c 8 -l LANG=C.UTF-8")
    assert done.status == 126
    assert "past the gateway" in done.stderr
    assert any(event[2].startswith("exec (deny): mosh-server new") for event in await recorded() if event[1] == "m")


@pytest.mark.finding("H1")
async def test_what_runs_is_on_the_card_and_in_the_recording_whatever_stands_before_it(
    client: MakeClient, recorded: Recorded, decide: Decide, tmp_path: Path
) -> None:
    ssh = await client("guarded")
    mark = tmp_path / "ran"
    command = f"true; : Authorization: ; touch {mark}; rm /nowhere-{mark.name}"
    waiting = await ssh.start(ssh.command(ssh.destination, command))
    statement = await decide(ReviewDecision.APPROVE)
    await ended(waiting)
    assert mark.exists()
    assert statement.text == command
    assert [event[2] for event in await recorded() if event[1] == "m"] == [
        f"exec (review): {command}",
        f"exec (approved): {command}",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "\\ #; rm {}",
        "\\ [[ x || rm {} ]]",
        "bash -c '\\ #; rm {}'",
        r"ls $'\\' ' #'; rm {}",
        r"bash -c 'ls'\;rm\ {}",
        "ls ${{x:-<(rm {})}}",
    ],
)
async def test_no_spelling_hides_a_command_from_its_review(client: MakeClient, tmp_path: Path, line: str) -> None:
    ssh = await client("guarded")
    target = tmp_path / "target"
    target.touch()
    async with connected(ssh) as connection:
        running = asyncio.create_task(connection.run(line.format(target)))
        await asyncio.wait({running}, timeout=1)
    await asyncio.gather(running, return_exceptions=True)
    assert target.exists()


async def test_what_a_reviewer_approves_does_not_hang_on_a_variable_nobody_saw(
    client: MakeClient, decide: Decide, recorded: Recorded, tmp_path: Path
) -> None:
    """The client's own LC_* goes to the host (Debian's AcceptEnv), and says here what `rm` removes."""
    target = tmp_path / "target"
    target.mkdir()
    async with connected(await client("guarded")) as connection:
        running = asyncio.create_task(connection.run("rm -r $LC_NAME", env={"LC_NAME": str(target)}))
        statement = await decide(ReviewDecision.APPROVE)
        await running
    assert target.exists()
    opened = [json.loads(event[2]) for event in await recorded() if event[1] == "c"]
    assert opened[0]["not_set"] == ["LC_NAME"]
    assert str(target) not in statement.text
