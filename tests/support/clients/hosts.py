"""The host behind the gateway: an sshd with ten channels a connection as it ships, and a role for each use of it."""

from pathlib import Path
from typing import Any

from support.children import Children
from support.clients.served import Served
from support.clients.ways import Hosts
from support.ssh import Client, Upstream

HOST = "web-1"


def options(folder: Path) -> list[str]:
    """OpenSSH's own MaxSessions; and a home of its own, for what a shell reads at its start is no part of this."""
    return ["-oMaxSessions=10", f"-oSetEnv=HOME={folder}"]


def resources(sshd: Upstream, folder: Path) -> dict[str, Any]:
    """The policy's part: one host."""
    account = {"username": sshd.user, "private_key": f"file:{sshd.private_key}"}
    everything = {**account, "allow": ["shell", "exec", "sftp"]}
    return {
        HOST: {
            "type": "ssh",
            "upstream": {"host": "127.0.0.1", "port": sshd.port, "host_key": sshd.host_key},
            "roles": {
                "deploy": everything,
                "files": {**everything, "files": "allow"},
                "commands": {**account, "allow": ["exec"]},
                "editor": {**account, "allow": ["shell", "exec"], "forward": ["127.0.0.1:*"]},
                "tunnels": {**everything, "forward": ["127.0.0.1:*", "localhost:*", f"{folder}/*", "listen:*"]},
            },
        }
    }


def ways(sshd: Upstream, served: Served, role: str, folder: Path) -> Hosts:
    """To this account directly by its key, and as that role by a token; `folder` is the client's own, made here."""
    folder.mkdir()
    door = f"{role}@{HOST}"
    for name in ("direct", "through"):
        (folder / name).mkdir()
    askpass = '#!/bin/sh\nprintf "%s\\n" "$GATEPASS_TOKEN"\n'
    for name, port, key in (("direct", sshd.port, sshd.host_key), ("through", served.ssh_port, served.host_key)):
        (folder / name / "askpass").write_text(askpass)
        (folder / name / "askpass").chmod(0o700)
        (folder / name / "known_hosts").write_text(f"[127.0.0.1]:{port} {key}\n")
    nobody = Children()
    direct = Client(folder / "direct", sshd.port, "", sshd.user, nobody, identity=str(sshd.private_key))
    return Hosts(direct, Client(folder / "through", served.ssh_port, served.tokens[door], door, nobody))


def variables(way: Client, echo_port: int) -> dict[str, str]:
    """The environment of a program of ours, by which it finds the account, a folder of its own, and whom to talk to."""
    (way.folder / "there").mkdir(exist_ok=True)
    known = (way.folder / "known_hosts").read_text().split()
    return {
        **{name: value for name, value in way.environment.items() if name in {"PATH", "HOME", "LC_ALL"}},
        "SSH_PORT": str(way.port),
        "SSH_USER": way.door,
        "SSH_TOKEN": way.token,
        "SSH_KEY": way.identity,
        "SSH_HOST_KEY": " ".join(known[1:3]),
        "SSH_FOLDER": str(way.folder / "there"),
        "SSH_ECHO": f"127.0.0.1:{echo_port}",
    }
