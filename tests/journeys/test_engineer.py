"""The engineer's command from nothing to rows: signed in by a browser, asked, approved in Slack, connected."""

import asyncio
import json
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from client.errors import REFUSED, SIGNED_OUT, UNAVAILABLE
from storage.model import EndReason
from support.client.engineer import GATEPASS, Engineer
from support.journeys import Product
from support.web.browsers import chromium

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


@pytest_asyncio.fixture(loop_scope="session")
async def engineer(product: Product) -> AsyncIterator[Engineer]:
    """With nothing yet; at the end everything of theirs is over, and what stays in the background with it."""
    home = Path(tempfile.mkdtemp(prefix="gp-"))
    engineer = Engineer(home, str(product.settings.origin))
    try:
        yield engineer
        await engineer.gatepass("done", "--all")
    finally:
        shutil.rmtree(home)


async def approved(product: Product, engineer: Engineer, marker: str, *words: str) -> tuple[int, str, str]:
    """Run a command that asks for its access with `marker` as the reason, and have bob approve it meanwhile."""
    child = await engineer.start(*words)
    card = await product.people.card(marker)
    await product.people.approve("bob", card)
    seen = await engineer.seen(child)
    return seen.status, seen.out, seen.err


async def test_from_nothing_to_rows(product: Product, engineer: Engineer, browser: Browser) -> None:
    seen = await engineer.gatepass("psql", "payments-db", "-c", "select 1")
    assert (seen.status, "gatepass login" in seen.err) == (78, True)
    seen = await engineer.login(browser, "Alice Archer")
    assert (seen.status, "as alice" in seen.err) == (0, True), seen.err
    secret = engineer.kept / "servers" / f"localhost_{product.settings.origin.port}" / "secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    query = ("-Atc", "select number from cards limit 1")
    words = (GATEPASS, "psql", "--reason", "j-rows", "read@payments-db", *query)
    status, out, err = await approved(product, engineer, "j-rows", *words)
    assert status == 0, err
    assert (out.startswith("*"), "Waiting for bob, carol to approve read on payments-db" in err) == (True, True)
    began = time.monotonic()
    seen = await engineer.gatepass("psql", "payments-db", "-Atc", "select 1 + 1")
    print(f"{time.monotonic() - began:.3f} s with an access that is open")
    assert (seen.status, seen.out, seen.err) == (0, "2\n", "")
    # The program's own status, and its own words.
    seen = await engineer.gatepass("psql", "payments-db", "--", "-v", "ON_ERROR_STOP=1", "-c", "select nothing")
    assert (seen.status, 'column "nothing" does not exist' in seen.err) == (1, True)
    seen = await engineer.gatepass("exec", "payments-db", "--", "sh", "-c", "psql -Atc 'select 3' && exit 9")
    assert (seen.status, seen.out) == (9, "3\n")
    seen = await engineer.gatepass("exec", "payments-db", "no-such-program")
    assert (seen.status, "not on this machine" in seen.err) == (127, True)
    # Nothing secret stands in its environment, and the key is gone with it.
    said = "env | grep ^PG; cut -c1-27 $PGSSLKEY; psql -Atc 'select 4'; psql -Atc 'select 5'"
    seen = await engineer.gatepass("exec", "payments-db", "--", "sh", "-c", said, PGPASSWORD="theirs")
    assert (seen.status, seen.out.splitlines()[-2:]) == (0, ["4", "5"]), seen.err
    assert ("PGSSLCERT=" in seen.out, "PGPASSWORD" in seen.out) == (True, False)
    assert "-----BEGIN PRIVATE KEY-----" in seen.out
    async with asyncio.timeout(30):
        while list(engineer.home.rglob("*.pem")) != [secret.with_name("gateway-ca.pem")]:
            await asyncio.sleep(0.05)
    kept = [each for each in engineer.home.rglob("*") if each.is_file()]
    assert not [each for each in kept if each != secret and b"eyJ" in each.read_bytes()]
    assert all(each.stat().st_mode & 0o077 == 0 for each in kept if engineer.kept in each.parents)


async def test_hosts_and_plain_ssh(product: Product, engineer: Engineer, browser: Browser) -> None:
    await engineer.login(browser, "Alice Archer")
    seen = await engineer.gatepass("ssh", "logs@web-1", "echo in; exit 7")
    assert (seen.status, seen.out) == (7, "in\n"), seen.err
    words = (GATEPASS, "ssh", "--reason", "j-ssh", "deploy@web-1", "true")
    status, _, err = await approved(product, engineer, "j-ssh", *words)
    assert status == 0, err
    seen = await engineer.gatepass("sftp", "deploy@web-1")
    assert "does not allow sftp" in seen.err
    seen = await engineer.gatepass("scp", "deploy@web-1:cards.txt", ".")
    assert (seen.status != 0, "gatepass:" in seen.err) == (True, True)
    seen = await engineer.gatepass("config", "ssh")
    assert (seen.status, "web-1.gate" in seen.err) == (0, True), seen.err
    config = str(engineer.home / ".ssh" / "config")
    for command, status in (("echo plain", 0), ("exit 5", 5)):
        seen = await engineer.run("ssh", "-F", config, "deploy.web-1.gate", command)
        assert seen.status == status, seen.err
    seen = await engineer.run("ssh", "-F", config, "other.web-1.gate", "true")
    assert seen.status == 255
    # What is copied goes the same way, and is judged as it always is.
    seen = await engineer.run("scp", "-F", config, "deploy.web-1.gate:cards.txt", ".")
    assert "does not allow sftp" in seen.err
    seen = await engineer.gatepass("done", "web-1", "--role", "deploy")
    assert (seen.status, "Ended deploy on web-1" in seen.out) == (0, True)
    seen = await engineer.gatepass("config", "ssh", "--remove")
    assert (engineer.home / ".ssh" / "config").read_text() == ""
    seen = await engineer.gatepass("config", "ssh", "--remove")
    assert (seen.status, "Nothing of http" in seen.err) == (0, True), seen.err


async def test_a_loopback_port_without_a_password(product: Product, engineer: Engineer, browser: Browser) -> None:
    await engineer.login(browser, "Alice Archer")
    words = (GATEPASS, "request", "payments-db", "read", "--for", "10m", "--reason", "j-proxy")
    assert (await approved(product, engineer, "j-proxy", *words))[0] == 0
    child = await engineer.start(GATEPASS, "proxy", "payments-db")
    assert child.stdout is not None
    async with asyncio.timeout(30):
        lines = [(await child.stdout.readline()).decode() for _ in range(3)]
    assert "jdbc:postgresql://127.0.0.1:" in lines[1]
    address = lines[2].split()[-1]
    seen = await engineer.run("psql", address, "-Atc", "select count(*) from cards")
    assert (seen.status, seen.out.strip().isdigit()) == (0, True), seen.err
    seen = await engineer.run("psql", address.replace("sslmode=disable", "sslmode=prefer"), "-Atc", "select 4")
    assert (seen.status, seen.out) == (0, "4\n"), seen.err
    seen = await engineer.run("psql", address.replace("sslmode=disable", "sslmode=require"), "-Atc", "select 4")
    assert seen.status == 2
    # A query is cancelled through it, and the end of the access reaches it.
    sleeping = await engineer.start("psql", address, "-c", r"\echo up", "-c", "select pg_sleep(60)")
    assert sleeping.stdout is not None
    assert b"up" in await sleeping.stdout.readline()
    # A name that is mistyped ends nothing, and does not pass for what was meant.
    seen = await engineer.gatepass("done", "payment-db")
    assert (seen.status, "payment-db is nothing that you may ask for" in seen.err) == (64, True), seen.err
    seen = await engineer.gatepass("done", "payments-db")
    assert seen.status == 0
    assert "revoked" in (await engineer.seen(sleeping)).err
    seen = await engineer.run("psql", address, "-c", "select 1")
    assert (seen.status, "is over. Run `gatepass proxy payments-db` again" in seen.err) == (2, True), seen.err
    child.terminate()
    assert "Closed." in (await engineer.seen(child)).err


async def test_a_service_entry_has_no_password_in_it(product: Product, engineer: Engineer, browser: Browser) -> None:
    await engineer.login(browser, "Alice Archer")
    words = (GATEPASS, "config", "psql", "read@payments-db", "--reason", "j-service")
    status, _, err = await approved(product, engineer, "j-service", *words)
    assert (status, "service=payments-db" in err) == (0, True), err
    entry = (engineer.home / ".pg_service.conf").read_text()
    assert ("passfile=" in entry, "eyJ" in entry, "password" in entry) == (True, False, False)
    seen = await engineer.run("psql", "service=payments-db", "-Atc", "select 5")
    assert (seen.status, seen.out) == (0, "5\n"), seen.err
    assert (await engineer.gatepass("logout")).status == 0
    seen = await engineer.run("psql", "--no-password", "service=payments-db", "-Atc", "select 5")
    assert seen.status == 2
    seen = await engineer.gatepass("status")
    assert (seen.status, "gatepass login" in seen.err) == (SIGNED_OUT, True)


async def test_without_a_browser_and_with_a_keyring(product: Product, engineer: Engineer, browser: Browser) -> None:
    file = engineer.home / "keyring.json"
    tests = str(Path(__file__).parents[1])
    keyring = {"PYTHON_KEYRING_BACKEND": "support.client.keyring_backend.FileKeyring", "KEYRING_FILE": str(file)}
    engineer.variables = {"PYTHONPATH": tests, **keyring}
    seen = await engineer.login_elsewhere(browser, "Alice Archer")
    assert (seen.status, "Kept in the keyring" in seen.err) == (0, True), seen.err
    [secret] = json.loads(file.read_text()).values()
    assert secret.startswith("gatepass_")
    assert not [each for each in engineer.kept.rglob("*") if each.is_file() and secret in each.read_text()]
    seen = await engineer.gatepass("status")
    assert (seen.status, "alice at" in seen.out, "payments-db" in seen.out) == (0, True, True)
    assert (await engineer.gatepass("logout")).status == 0
    assert json.loads(file.read_text()) == {}


async def test_what_is_refused_says_so(product: Product, engineer: Engineer, browser: Browser) -> None:
    await engineer.login(browser, "Alice Archer")
    child = await engineer.start(GATEPASS, "psql", "admin@payments-db", "--reason", "j-deny")
    card = await product.people.card("j-deny")
    await product.people.deny("bob", card, "not on a Friday")
    seen = await engineer.seen(child)
    assert (seen.status, "was denied by bob: not on a Friday" in seen.err) == (REFUSED, True)
    # Ctrl-C, a closed terminal and `kill` take the question back.
    for ending in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        marker = f"j-back-{ending.name.lower()}"
        child = await engineer.start(GATEPASS, "request", "payments-db", "admin", "--reason", marker)
        await product.people.card(marker)
        child.send_signal(ending)
        seen = await engineer.seen(child)
        assert (seen.status, "Taken back" in seen.err) == (130, True), ending.name
    seen = await engineer.gatepass("psql", "no-such-db")
    assert (seen.status, "You may not ask for no-such-db" in seen.err) == (REFUSED, True)
    seen = await engineer.gatepass("status", "--server", "https://127.0.0.1:1")
    assert (seen.status, "not signed in" in seen.err) == (SIGNED_OUT, True)
    seen = await engineer.gatepass("login", "https://127.0.0.1:1")
    assert (seen.status, "cannot be reached" in seen.err) == (UNAVAILABLE, True)
    seen = await engineer.gatepass("psql", "logs@web-1")
    assert (seen.status, "gatepass ssh web-1" in seen.err) == (64, True)


async def test_a_logout_at_the_provider_ends_it(product: Product, engineer: Engineer, browser: Browser) -> None:
    await engineer.login(browser, "Alice Archer")
    words = (
        GATEPASS,
        "psql",
        "--reason",
        "j-logout",
        "read@payments-db",
        "-c",
        r"\echo up",
        "-c",
        "select pg_sleep(60)",
    )
    child = await engineer.start(*words)
    card = await product.people.card("j-logout")
    await product.people.approve("bob", card)
    approved_card = await product.people.card_until(str(card["ts"]), "Approved")
    assert child.stdout is not None
    async with asyncio.timeout(30):
        assert b"up" in await child.stdout.readline()
    assert await product.around.provider.sign_out("demo|alice") == 1
    seen = await engineer.seen(child)
    assert ("signed out at the provider" in seen.err, seen.status) == (True, 2)
    grant = str(approved_card["plain"]).rpartition("grant ")[2].strip(" `")[:8]
    assert (await product.ended(grant)).end_reason is EndReason.REVOKED
    assert (await engineer.gatepass("status")).status == SIGNED_OUT
