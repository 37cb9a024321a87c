"""Interactive shells, driven as a person would: prompts, typing, resizing, Ctrl-C, and what the recording shows."""

import asyncio
from pathlib import Path

import pexpect
import pytest

from support.ssh import Client, MakeClient, Recorded, Sessions

PAN = "4111111111111111"


def _spawn(ssh: Client, *flags: str, size: tuple[int, int] = (31, 97)) -> "pexpect.spawn[bytes]":
    """ssh on a terminal of its own, with sh as the shell whatever the account's is."""
    command = ssh.command(*flags, ssh.destination)
    environment = {**ssh.environment, "TERM": "xterm-256color"}
    return pexpect.spawn(command[0], command[1:], env=environment, cwd=str(ssh.folder), dimensions=size, timeout=60)


def _settle(terminal: "pexpect.spawn[bytes]") -> None:
    terminal.sendline("exec env -i TERM=$TERM PS1='ready> ' sh -i")
    terminal.expect(rb"[\r\n]ready> ")


async def test_a_shell_with_its_size_and_its_type(client: MakeClient, sessions: Sessions, recorded: Recorded) -> None:
    ssh = await client()

    def drive() -> int:
        with _spawn(ssh) as terminal:
            _settle(terminal)
            terminal.sendline("stty size; echo $TERM; tty | cut -c1-8")
            terminal.expect_exact("31 97\r\nxterm-256color\r\n/dev/pts\r\n")
            terminal.setwinsize(20, 60)
            terminal.sendline("""until [ "$(stty size)" = "20 60" ]; do sleep 0.02; done; stty size""")
            terminal.expect_exact("20 60\r\n")
            terminal.sendline("exit 9")
            terminal.expect(pexpect.EOF)
        return int(terminal.exitstatus or 0)

    assert await asyncio.to_thread(drive) == 9
    (session,) = await sessions()
    assert session.statements == {"shell": 1}
    events = await recorded()
    assert [event[2] for event in events if event[1] == "r"] == ["60x20"]
    shown = "".join(event[2] for event in events if event[1] == "o")
    assert "31 97" in shown
    assert "20 60" in shown
    assert not any(event[1] == "i" for event in events)


async def test_the_header_tells_players_the_size(client: MakeClient, sessions: Sessions, tmp_path: Path) -> None:
    ssh = await client()

    def drive() -> None:
        with _spawn(ssh, size=(40, 100)) as terminal:
            _settle(terminal)
            terminal.sendline("exit")
            terminal.expect(pexpect.EOF)

    await asyncio.to_thread(drive)
    await sessions()
    (segment,) = (tmp_path / "recordings").rglob("*.cast")
    header = segment.read_bytes().split(b"\n")[0]
    assert b'"version":2' in header
    assert b'"width":100,"height":40' in header
    assert b'"TERM":"xterm-256color"' in header


async def test_what_a_program_shows_is_masked_and_ctrl_c_reaches_it(client: MakeClient, sessions: Sessions) -> None:
    ssh = await client()

    def drive() -> bytes:
        with _spawn(ssh) as terminal:
            _settle(terminal)
            terminal.sendline("printf '4111%s\\n' 111111111111; sleep 60")
            terminal.expect_exact("************1111\r\n")
            terminal.sendintr()
            terminal.expect_exact("ready> ")
            terminal.sendline("exit")
            terminal.expect(pexpect.EOF)
            return terminal.before or b""

    shown = await asyncio.to_thread(drive)
    assert PAN.encode() not in shown
    (session,) = await sessions()
    assert session.masked == {"pan": 1}


async def test_typing_is_echoed_letter_by_letter(client: MakeClient) -> None:
    """Every letter could begin an e-mail address; nobody waits for the next one to see it."""
    ssh = await client()

    def drive() -> None:
        with _spawn(ssh) as terminal:
            _settle(terminal)
            for letter in "echo hello":
                terminal.send(letter)
                terminal.expect_exact(letter)
            terminal.sendline("")
            terminal.expect_exact("hello\r\n")
            terminal.sendline("exit")
            terminal.expect(pexpect.EOF)

    await asyncio.to_thread(drive)


async def test_a_password_that_is_typed_without_echo_is_nowhere(
    client: MakeClient, recorded: Recorded, tmp_path: Path
) -> None:
    ssh = await client()

    def drive() -> None:
        with _spawn(ssh) as terminal:
            _settle(terminal)
            terminal.sendline("stty -echo; printf 'Password: '; read secret; stty echo; echo got ${#secret}")
            terminal.expect_exact("Password: ")
            terminal.sendline("hunter2")
            terminal.expect_exact("got 7\r\n")
            terminal.sendline("exit")
            terminal.expect(pexpect.EOF)

    await asyncio.to_thread(drive)
    events = await recorded()
    assert any("got 7" in event[2] for event in events if event[1] == "o")
    assert b"hunter2" not in b"".join(path.read_bytes() for path in (tmp_path / "recordings").rglob("*.cast"))


@pytest.mark.parametrize("flag", ["-t", "-tt"])
async def test_a_command_on_a_terminal(client: MakeClient, flag: str) -> None:
    ssh = await client()

    def drive() -> int:
        command = ssh.command(flag, ssh.destination, "stty size; exit 4")
        with pexpect.spawn(
            command[0], command[1:], env=ssh.environment, cwd=str(ssh.folder), dimensions=(22, 77), timeout=60
        ) as terminal:
            terminal.expect_exact("22 77\r\n")
            terminal.expect(pexpect.EOF)
        return int(terminal.exitstatus or 0)

    assert await asyncio.to_thread(drive) == 4


@pytest.mark.finding("M11")
async def test_a_card_number_as_terminal_type_is_in_no_recording(
    client: MakeClient, sessions: Sessions, tmp_path: Path
) -> None:
    ssh = await client()

    def drive() -> None:
        command = ssh.command("-tt", ssh.destination, "true")
        environment = {**ssh.environment, "TERM": PAN}
        with pexpect.spawn(command[0], command[1:], env=environment, cwd=str(ssh.folder), timeout=60) as terminal:
            terminal.expect(pexpect.EOF)

    await asyncio.to_thread(drive)
    await sessions()
    kept = "".join(path.read_text() for path in (tmp_path / "recordings").rglob("*.cast"))
    assert '"TERM":"unknown"' in kept
    assert PAN not in kept
