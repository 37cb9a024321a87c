"""The block of ~/.ssh/config, as ssh itself reads it."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from client.configs.ssh_block import Host, hosts, lines, socket_name
from client.errors import Failed

ORIGIN = "https://gate.example.com"


def offer(resource: str, role: str, kind: str = "ssh") -> dict[str, Any]:
    return {"resource": resource, "role": role, "type": kind}


def test_hosts_are_named_by_resource_and_by_role() -> None:
    found = hosts([offer("web-1", "deploy"), offer("web-1", "logs"), offer("db", "read", "postgres")])
    assert found == [
        Host("deploy.web-1.gate", "web-1", "deploy"),
        Host("logs.web-1.gate", "web-1", "logs"),
        Host("web-1.gate", "web-1", None),
    ]


def test_names_that_could_be_more_than_names_are_left_out() -> None:
    odd = ["web 1", "*", "web$(id)", "-oProxyCommand=x", "a\nb", "a'b", 'a"b', "a,b", "!x", "%h", ""]
    assert hosts([offer(each, "r") for each in odd] + [offer("web-1", each) for each in odd]) == []


def test_ssh_reads_it_as_it_is_meant(tmp_path: Path) -> None:
    """A name that somebody else chose reaches no command: whole names match, and nothing of what was typed is in it."""
    ready = tmp_path / "100% $(ready) now"
    ready.write_text('#!/bin/sh\necho "$@" >> "$(dirname "$0")/asked"\n')
    ready.chmod(0o700)
    found = hosts([offer("web-1", "deploy")])
    config = tmp_path / "config"
    config.write_text("\n".join([*lines(ORIGIN, found, str(ready), "/run/x"), "Host other", "    User somebody", ""]))

    def read(name: str) -> dict[str, str]:
        done = subprocess.run(["ssh", "-F", config, "-G", name], capture_output=True, text=True, check=True)
        return dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)

    said = read("web-1.gate")
    assert (said["controlpath"], said["proxycommand"]) == (f"/run/x/{socket_name(ORIGIN, 'web-1.gate')}", "false")
    assert (tmp_path / "asked").read_text() == f"ssh-ready --server {ORIGIN} web-1.gate\n"
    assert "controlpath" not in read("x.web-1.gate")
    assert (read("other")["user"], "proxycommand" in read("other")) == ("somebody", False)
    assert (tmp_path / "asked").read_text().count("\n") == 1


@pytest.mark.parametrize("path", ["/it's", '/a"b', "/a\\b", "/a\nb"])
def test_paths_that_ssh_cannot_quote_are_refused(path: str) -> None:
    found = hosts([offer("web-1", "deploy")])
    for program, sockets in ((path, "/run"), ("/bin/gatepass", path)):
        with pytest.raises(Failed, match="cannot hold"):
            lines(ORIGIN, found, program, sockets)


def test_nobody_with_hosts_is_told() -> None:
    assert "no host" in lines(ORIGIN, [], "gatepass", "/run/x")[0]
