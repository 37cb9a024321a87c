"""A real sshd on a free port of this machine, with keys of its own."""

import getpass
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh
import pytest

from cli.demo.ports import free_port
from support.children import PATIENCE_S
from support.ssh import Upstream

SSHD = Path("/usr/sbin/sshd")

_CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
PermitUserEnvironment no
AcceptEnv LANG LC_* GATEPASS_*
Subsystem sftp internal-sftp
MaxSessions 100
MaxStartups 100
PrintMotd no
PrintLastLog no
LogLevel VERBOSE
TrustedUserCAKeys {folder}/user_authorities
"""


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Upstream]:
    """An sshd for as long as the block lasts; `options` such as "-oMaxSessions=2" go before its configuration."""
    if not SSHD.exists():
        pytest.fail("These tests need OpenSSH's server: run scripts/system-packages.")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    host = asyncssh.generate_private_key("ssh-ed25519")
    user = asyncssh.generate_private_key("ssh-ed25519")
    for name, key in (("host_key", host), ("user_key", user)):
        key.write_private_key(str(folder / name))
        (folder / name).chmod(0o600)
    user.write_public_key(str(folder / "authorized_keys"))
    (folder / "user_authorities").touch()
    port = free_port()
    (folder / "sshd_config").write_text(_CONFIG.format(port=port, folder=folder))
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [SSHD, "-D", "-e", *options, "-f", folder / "sshd_config"], stdin=subprocess.DEVNULL, stderr=log
        )
    try:
        _wait_for(server, port, folder / "log")
        yield Upstream(port, host.export_public_key().decode().strip(), getpass.getuser(), folder)
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


def _wait_for(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while server.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    pytest.fail(f"sshd did not start: {log.read_text()}")
