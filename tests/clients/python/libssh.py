"""libssh, as ssh-python's wheel has it: runs cases on connections of their own and prints a line of JSON for each.

A program of its own, for a call of libssh lets no other thread run, such as the one that counts a test's time.
"""

import hashlib
import json
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ssh import options
from ssh.channel import Channel
from ssh.exceptions import SFTPError
from ssh.key import import_privkey_file
from ssh.session import Session

FOLDER = os.environ["SSH_FOLDER"]
#: Less than a window, so that what comes back is read before either side waits for the other.
_PIECE = 32_000

Case = Callable[[Session], object]
CASES: dict[str, Case] = {}


def case(do: Case) -> Case:
    CASES[do.__name__.replace("_", " ")] = do
    return do


@contextmanager
def connected() -> Iterator[Session]:
    """By the token if there is one, else by the key; the host key must be the one that is known."""
    session = Session()
    session.options_set(options.HOST, "127.0.0.1")
    session.options_set_port(int(os.environ["SSH_PORT"]))
    session.options_set(options.USER, os.environ["SSH_USER"])
    session.options_set(options.HOSTKEYS, "ssh-ed25519")
    session.options_set_int_val(options.PROCESS_CONFIG, 0)
    session.options_set_int_val(options.TIMEOUT, 20)
    session.connect()
    shown = session.get_server_publickey().export_pubkey_base64()
    assert shown.decode() == os.environ["SSH_HOST_KEY"].split()[1], shown
    if token := os.environ["SSH_TOKEN"]:
        session.userauth_password(os.environ["SSH_USER"], token)
    else:
        session.userauth_publickey(import_privkey_file(os.environ["SSH_KEY"]))
    try:
        yield session
    finally:
        session.disconnect()


def hashed(data: bytes) -> list[object]:
    return [len(data), hashlib.sha256(data).hexdigest()]


def started(session: Session, command: str) -> Channel:
    channel = session.channel_new()
    channel.open_session()
    channel.request_exec(command)
    return channel


def rest(channel: Channel, *, of_errors: bool = False) -> bytes:
    """What a channel still says, to its end."""
    said = b""
    while True:
        size, data = channel.read(is_stderr=of_errors)
        if size <= 0:
            return said
        said += data


def written(channel: Channel, data: bytes) -> bytes:
    """Send it all; what came back meanwhile."""
    said = b""
    for start in range(0, len(data), _PIECE):
        channel.write(data[start : start + _PIECE])
        size, more = channel.read_nonblocking()
        if size > 0:
            said += more
    return said


def finished(channel: Channel, stdin: bytes = b"") -> list[object]:
    """Status (-1 for a signal), the output's length and hash, standard error."""
    out = written(channel, stdin)
    channel.send_eof()
    out += rest(channel)
    err = rest(channel, of_errors=True)
    status = channel.get_exit_status()
    channel.close()
    return [status, hashed(out), err.decode()]


@case
def exec(session: Session) -> object:  # noqa: A001
    return finished(started(session, "echo out; echo err >&2; exit 7"))


@case
def signal(session: Session) -> object:
    return finished(started(session, "kill -TERM $$"))


@case
def large(session: Session) -> object:
    return finished(started(session, "seq 600000"))


@case
def standard_input(session: Session) -> object:
    return finished(started(session, "cat; echo end"), b"\0\1\xffx" * 500_000)


@case
def one_after_the_other(session: Session) -> object:
    return [finished(started(session, f"echo {number}; exit {number}")) for number in range(20)]


@case
def five_at_once(session: Session) -> object:
    return [finished(each) for each in [started(session, f"sleep 1; echo {number}") for number in range(5)]]


@case
def terminal(session: Session) -> object:
    channel = session.channel_new()
    channel.open_session()
    channel.request_pty_size("xterm", 97, 31)
    channel.request_exec("stty size; echo $TERM; tty -s && echo terminal")
    return finished(channel)


@case
def environment(session: Session) -> object:
    channel = session.channel_new()
    channel.open_session()
    channel.request_env("LC_TIME", "C")
    channel.request_exec("echo $LC_TIME")
    return finished(channel)


@case
def sftp(session: Session) -> object:
    data, path, renamed = b"0123456789abcdef\n" * 100_000, f"{FOLDER}/libssh", f"{FOLDER}/renamed"
    files = session.sftp_new()
    files.init()
    with files.open(path, os.O_WRONLY | os.O_CREAT, 0o640) as file:
        for start in range(0, len(data), _PIECE):
            file.write(data[start : start + _PIECE])
    files.rename(path, renamed)
    back = b""
    with files.open(renamed, os.O_RDONLY, 0) as file:
        while (read := file.read(_PIECE))[0] > 0:
            back += read[1]
    found = files.stat(renamed)
    with files.opendir(FOLDER) as names:
        listed = sorted(each.name.decode() for each in names)
    try:
        missing: object = files.stat(f"{FOLDER}/nowhere").size
    except SFTPError:
        missing = files.get_error()
    files.unlink(renamed)
    return [hashed(back), found.size, oct(found.permissions), listed, missing]


@case
def forwarding(session: Session) -> object:
    host, port = os.environ["SSH_ECHO"].split(":")
    channel = session.channel_new()
    channel.open_forward(host, int(port), "127.0.0.1", 1)
    data = b"there and back " * 20_000
    back = written(channel, data)
    while len(back) < len(data):
        size, more = channel.read(len(data) - len(back))
        assert size > 0, len(back)
        back += more
    channel.close()
    return hashed(back)


def main() -> None:
    for name, do in CASES.items():
        try:
            with connected() as session:
                line = {"case": name, "saw": do(session)}
        except Exception:
            line = {"case": name, "failed": traceback.format_exc()}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
