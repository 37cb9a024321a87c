"""`gatepass known-hosts`: the SSH port's key, for people's machines."""

from typing import Final

import typer

from cli.settings import Settings
from proxy.ssh.host_key import host_key, keys_folder, public_line

#: known_hosts names no port where it is this one (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
_SSH_PORT: Final = 22


def known_hosts() -> None:
    """Print the SSH port's line for people's known_hosts, so that nobody trusts it on first use."""
    settings = Settings.load()
    host, port = settings.public_host, settings.ssh_port
    where = host if port == _SSH_PORT else f"[{host}]:{port}"
    typer.echo(f"{where} {public_line(host_key(keys_folder(settings.home)))}")
