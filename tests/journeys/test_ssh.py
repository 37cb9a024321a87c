"""Real ssh through the gateway: interactive, commands, streams, exit status."""

import asyncio
import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from cli.demo.people import plainly
from support.children import line
from support.journeys import Product

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def interactive(product: Product) -> Callable[..., "pexpect.spawn[str]"]:
    """A function that starts an interactive ssh, as pexpect sees it, and types the token at the prompt."""

    def start(token: str, *arguments: str) -> "pexpect.spawn[str]":
        child = pexpect.spawn(
            shutil.which("ssh") or "ssh",
            [*product.clients.ssh_options(), *arguments, f"deploy@web-1@{product.clients.host}"],
            env={"PATH": os.defpath, "HOME": str(product.clients.folder), "TERM": "xterm", "LC_ALL": "C.UTF-8"},
            encoding="utf-8",
            timeout=30,
            dimensions=(33, 99),
        )
        child.expect("[Pp]assword:")
        child.sendline(token)
        return child

    return start


async def test_an_interactive_shell_is_masked_and_knows_its_size(
    product: Product, interactive: Callable[..., "pexpect.spawn[str]"]
) -> None:
    token, _ = await product.granted("web-1 deploy 15m", "interactive")
    await asyncio.to_thread(_drive_shell, interactive(token))


@pytest.mark.finding("use-28")
async def test_the_message_has_the_fingerprint_that_ssh_asks_about(product: Product, tmp_path: Path) -> None:
    _, grant = await product.granted("web-1 deploy 15m", "who is it that answers")
    told = await product.people.direct("alice", f"Grant {grant}")
    options = ["-o", f"UserKnownHostsFile={tmp_path / 'nobody'}", "-o", "StrictHostKeyChecking=ask"]
    asked = await asyncio.to_thread(_first_question, product, options)
    assert f"go on only if it is {asked}." in plainly(told)


def _first_question(product: Product, options: list[str]) -> str:
    """What ssh says of the host key to somebody who never connected; the first value of an option is what counts."""
    child = pexpect.spawn(
        shutil.which("ssh") or "ssh",
        [*options, *product.clients.ssh_options(), f"deploy@web-1@{product.clients.host}"],
        env={"PATH": os.defpath, "HOME": str(product.clients.folder), "TERM": "xterm", "LC_ALL": "C.UTF-8"},
        encoding="utf-8",
        timeout=30,
    )
    child.expect(r"key fingerprint is (SHA256:[A-Za-z0-9+/]+)")
    assert isinstance(child.match, re.Match)
    found = child.match[1]
    child.sendline("no")
    child.expect(pexpect.EOF)
    child.close()
    return found


def _drive_shell(child: "pexpect.spawn[str]") -> None:
    child.expect(r"web-1:.*\$ ")
    child.sendline("stty size")
    child.expect("33 99")
    child.setwinsize(40, 120)
    child.sendline("until stty size | grep -q '^40 120'; do sleep 0.02; done; stty size | tr ' ' x")
    child.expect("40x120")
    child.sendline("cat cards.txt; printf 'the %s\\n' end")
    child.expect("the end\r\n")
    assert child.before is not None
    assert "************1111" in child.before
    assert "4111111111111111" not in child.before
    child.sendline("""sh -c 'printf "sle%s\\n" eping; exec sleep 60'""")
    child.expect("sleeping\r\n")
    child.sendintr()
    child.sendline("printf 'ba%s\\n' ck; exit 5")
    child.expect("back\r\n")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 5


async def test_commands_return_masked_output_status_and_a_separate_stderr(product: Product) -> None:
    token, _ = await product.granted("web-1 deploy 15m", "commands")
    cards = await product.clients.ssh("deploy@web-1", token, "cat cards.txt")
    assert cards.status == 0, cards.err
    assert "************1111" in cards.out
    assert "4111111111111111" not in cards.out
    assert "737" not in cards.out
    seven = await product.clients.ssh("deploy@web-1", token, "echo out; echo err >&2; exit 7")
    assert (seven.status, seven.out, seven.err) == (7, "out\n", "err\n")
    null = await product.clients.ssh("deploy@web-1", token, "exit 0")
    assert null.status == 0


async def test_fifty_megabytes_arrive_byte_identical_both_ways(product: Product) -> None:
    token, _ = await product.granted("web-1 deploy 15m", "fifty megabytes")
    file = product.around.host.home / "blob"
    data = os.urandom(1 << 20) * 50
    await asyncio.to_thread(file.write_bytes, data)
    child = await product.clients.start_ssh("deploy@web-1", token, "cat blob")
    out, err = await asyncio.wait_for(child.communicate(), 100)
    assert child.returncode == 0, err
    assert hashlib.sha256(out).hexdigest() == hashlib.sha256(data).hexdigest()
    child = await product.clients.start_ssh("deploy@web-1", token, "sha256sum")
    out, err = await asyncio.wait_for(child.communicate(data), 100)
    assert out.split()[0].decode() == hashlib.sha256(data).hexdigest(), err


async def test_what_a_role_does_not_allow_is_refused(product: Product) -> None:
    denied_token, _ = await product.granted("web-1 deploy 15m", "reboot")
    denied = await product.clients.ssh("deploy@web-1", denied_token, "sudo reboot")
    assert denied.status == 126
    assert "Hosts are restarted by the platform team" in denied.err
    logs, _ = await product.people.granted_at_once("alice", "web-1 logs 15m", marker="exec only")
    product.tokens.append(logs)
    child = await product.clients.start_ssh("logs@web-1", logs)
    seen = await product.clients.seen(child)
    assert seen.status != 0
    assert "shell" in seen.err


async def test_a_held_command_waits_for_a_tap(product: Product) -> None:
    token, _ = await product.granted("web-1 deploy 15m", "held command")
    child = await product.clients.start_ssh(
        "deploy@web-1", token, "echo systemctl; command -v true; systemctl --version || true"
    )
    first = await line(child.stderr)
    assert b"review" in first
    await product.people.approve("bob", await product.people.pending("systemctl --version"))
    seen = await product.clients.seen(child)
    assert "systemctl" in seen.out
