"""pgbouncer as the peer to compare with: TLS to the client, plain TCP to the server, nothing looked at in between."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from pathlib import Path

from cli.demo.ports import free_port

#: Who it runs as when it is started by root, which it refuses to be.
_ACCOUNT = "nobody"


@contextlib.contextmanager
def bouncing(folder: Path, server_port: int, user: str, password: str) -> Generator[int]:
    """Run it in front of the server on `server_port`; yields its own port."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    port, own = free_port(), folder / "pgbouncer"
    own.mkdir()
    key, certificate = own / "key.pem", own / "certificate.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    made = ["openssl", "req", "-x509", *curve, "-subj", "/CN=pgbouncer", "-keyout", key, "-out", certificate]
    subprocess.run(made, check=True, capture_output=True)
    (own / "users").write_text(f'"{user}" "{password}"\n')
    settings = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "plain",
        "auth_file": own / "users",
        "pool_mode": "session",
        "client_tls_sslmode": "require",
        "client_tls_key_file": key,
        "client_tls_cert_file": certificate,
    }
    lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
    (own / "pgbouncer.ini").write_text(f"[databases]\n* = host=127.0.0.1 port={server_port}\n[pgbouncer]\n{lines}")
    as_root = os.geteuid() == 0
    if as_root:
        _give(own)
    server = subprocess.Popen(
        [program, "-q", *(["-u", _ACCOUNT] if as_root else []), str(own / "pgbouncer.ini")], stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.wait()


def _give(folder: Path) -> None:
    """It reads its files by its own account; the folder's parents let it through."""
    folder.parent.chmod(0o711)
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, _ACCOUNT)


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    while server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"pgbouncer ended at once, with {server.returncode}")
