"""What comes back: masked across every border, recorded before it is seen, the same for both."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from support.children import line
from support.ssh import MakeClient, Recorded, Sessions

PAN = "4111111111111111"
MASKED = b"************1111"


async def test_card_numbers_are_masked_in_both_streams(client: MakeClient, sessions: Sessions, tmp_path: Path) -> None:
    ssh = await client()
    cards = tmp_path / "cards.txt"
    cards.write_text(f"alice {PAN}\n")
    done = await ssh.run(f"cat {cards}; cat {cards} >&2")
    assert done.stdout == b"alice " + MASKED + b"\n"
    assert MASKED.decode() in done.stderr
    assert PAN not in done.stderr
    (session,) = await sessions()
    assert session.masked == {"pan": 2}


async def test_a_number_that_arrives_in_pieces_is_masked(client: MakeClient) -> None:
    ssh = await client()
    done = await ssh.run(
        "printf 41111111; sleep 0.3; printf 11111111; echo; printf 4111-1111; sleep 0.01; echo -1111-1111"
    )
    first, second = done.stdout.splitlines()
    # First six and last four at most: the first digits had gone out before the number was one (PCI DSS 3.4.1).
    assert (len(first), first[-4:], first[6:12]) == (16, b"1111", b"******")
    assert b"4111-1111" not in second
    assert second.endswith(b"1111")


async def test_a_terminal_is_masked_too(client: MakeClient) -> None:
    ssh = await client()
    done = await ssh.run(f"printf 4111; sleep 0.05; printf 1111111; sleep 0.05; echo 11111; echo {PAN}", flags=["-tt"])
    assert PAN.encode() not in done.stdout
    assert done.stdout.count(b"1111\r\n") == 2


async def test_the_recording_holds_what_the_client_saw(client: MakeClient, recorded: Recorded, tmp_path: Path) -> None:
    ssh = await client()
    source = tmp_path / "source"
    source.write_bytes(
        b"ab" * 64 + b"\xff caf\xe9\n" + 'žluťoučký kůň \u2028 𝄞 \x1b[1m"\\'.encode() * 1000 + f"{PAN}\n".encode()
    )
    done = await ssh.run(f"cat {source}; echo problem >&2")
    events = await recorded()
    assert [event[1] for event in events[:2]] == ["c", "m"]
    assert _replayed(events, "o", "b") == done.stdout
    assert _replayed(events, "e", "eb") == b"problem\n"
    assert PAN.encode() not in done.stdout


def _replayed(events: list[list[Any]], text: str, binary: str) -> bytes:
    shown = {text: str.encode, binary: base64.b64decode}
    return b"".join(shown[event[1]](event[2]) for event in events if event[1] in shown)


async def test_channels_are_told_apart_in_the_recording(client: MakeClient, recorded: Recorded) -> None:
    ssh = await client()
    control = ssh.folder / "control"
    master = await ssh.start(ssh.command("-M", "-S", str(control), ssh.destination, "echo first; cat"))
    assert await line(master.stdout) == b"first\n"
    shared = [f"-oControlPath={control}", "-oControlMaster=no", "-oProxyCommand=false"]
    await ssh.run("echo second; echo third >&2", flags=shared)
    await master.communicate(b"input\n")
    events = await recorded()
    said = {code: "".join(event[2] for event in events if event[1] == code) for code in ("o", "o.1", "e.1")}
    assert said == {"o": "first\ninput\n", "o.1": "second\n", "e.1": "third\n"}
    notes = [json.loads(event[2]) for event in events if event[1] == "c"]
    assert {"channel": 0, "event": "close", "bytes_in": 6, "bytes_out": 12} in notes
    assert {"channel": 1, "event": "open", "type": "exec", "terminal": False} in notes


async def test_what_is_typed_is_not_recorded(client: MakeClient, recorded: Recorded, tmp_path: Path) -> None:
    ssh = await client()
    done = await ssh.run("read -rs secret; echo read", stdin=b"hunter2\n")
    assert done.stdout == b"read\n"
    await recorded()
    assert b"hunter2" not in b"".join(path.read_bytes() for path in (tmp_path / "recordings").rglob("*.cast"))


async def test_a_recording_that_cannot_be_written_ends_the_session(
    client: MakeClient, sessions: Sessions, tmp_path: Path
) -> None:
    ssh = await client()
    (tmp_path / "recordings").write_text("in the way")
    done = await ssh.run("echo never seen")
    assert done.stdout == b""
    assert done.status != 0
    assert "recording cannot be written" in done.stderr
    (session,) = await sessions()
    assert session.end_reason == "recorder_failed"


@pytest.mark.parametrize("unseen", ["\\0337", "\\033M", "\\033c"])
async def test_a_token_behind_a_sequence_is_hidden(client: MakeClient, unseen: str) -> None:
    ssh = await client()
    done = await ssh.run(f"printf '{unseen}'; printf ghp_; printf 'a1B2%.0s' 1 2 3 4 5 6 7 8 9; echo", flags=["-tt"])
    assert b"ghp_" not in done.stdout


@pytest.mark.parametrize(
    "command",
    [
        "cat KEY/id_rsa",
        "grep -n . KEY/id_rsa",
        "grep -r . KEY/",
        "cat -A KEY/id_rsa",
        "diff KEY/id_rsa /dev/null",
        "diff -y /dev/null KEY/id_rsa",
        "sed 's/^/app-1  | /' KEY/id_rsa",
        "sed 's/^/Nov 30 18:16:16 web-1 app[123]: /' KEY/id_rsa",
        """sed 's/.*/{"log":"&\\\\n","stream":"stdout"}/' KEY/id_rsa""",
        "sed ':a;N;$!ba;s/\\n/#012/g' KEY/id_rsa",
        "sed 's/^/# /' KEY/id_rsa",
        """python3 -c 'import sys; print(open(sys.argv[1]).readlines())' KEY/id_rsa""",
        r"sed '1s/$/\nVersion: GnuPG v2.0.22 (GNU\/Linux)\n/;s/OPENSSH \(PRIVATE KEY\)/PGP \1 BLOCK/' KEY/id_rsa",
    ],
)
async def test_a_private_key_is_hidden_however_it_is_printed(client: MakeClient, tmp_path: Path, command: str) -> None:
    ssh = await client()
    folder = tmp_path / "private"
    folder.mkdir()
    body = "\n".join("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAABFwAAAAdzc2g" for _ in range(5))
    (folder / "id_rsa").write_text(f"-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\n")
    done = await ssh.run(command.replace("KEY/", f"{folder}/"))
    assert b"b3BlbnNzaC1rZXk" not in done.stdout
    assert b"BEGIN" in done.stdout or b"***" in done.stdout, done
