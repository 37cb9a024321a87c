"""A server of its own authority is trusted by a fingerprint, once; another certificate gets nothing, and is told."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext

from client.errors import UNTRUSTED
from client.login.trust import fingerprint
from proxy.authority import Authority
from storage.database import Database
from support.client.engineer import Engineer
from support.web.browsers import chromium
from support.web.stage import PagesStage, pages_stage

HOSTS = ("localhost", "127.0.0.1")


@dataclass
class Encrypted:
    stage: PagesStage
    authority: Authority
    engineer: Engineer


@pytest.fixture
async def served(database: Database, tmp_path: Path) -> AsyncIterator[Encrypted]:
    authority = Authority(tmp_path / "ca")
    tls = authority.server_context(HOSTS, "http/1.1")
    (tmp_path / "home").mkdir()
    more = {"tls": tls, "ca_file": authority.certificate_file}
    async with pages_stage(database, tmp_path, scheme="https", **more) as stage:
        yield Encrypted(stage, authority, Engineer(tmp_path / "home", stage.url))


@pytest.fixture
async def browser() -> AsyncIterator[BrowserContext]:
    async with chromium() as launched:
        yield await launched.new_context(ignore_https_errors=True)


async def test_a_fingerprint_is_compared_and_kept(served: Encrypted, browser: BrowserContext, tmp_path: Path) -> None:
    right = fingerprint(served.authority.certificate())
    seen = await served.engineer.gatepass("login", served.stage.url)
    assert (seen.status, right in seen.err, "gatepass ca fingerprint" in seen.err) == (UNTRUSTED, True, True)
    wrong = fingerprint(Authority(tmp_path / "other").certificate())
    seen = await served.engineer.gatepass("login", served.stage.url, "--ca-fingerprint", wrong)
    assert (seen.status, "in between" in seen.err) == (UNTRUSTED, True)
    assert not served.engineer.kept.exists()
    seen = await served.engineer.login(browser, "Alice", "--ca-fingerprint", right)
    assert seen.status == 0, seen.err
    seen = await served.engineer.gatepass("status")
    assert (seen.status, "alice at https://localhost" in seen.out) == (0, True), seen.err
    # Somebody else in its place is told nothing.
    tls = served.stage.settings.tls
    assert tls is not None
    Authority(tmp_path / "other").renew(tls, HOSTS)
    seen = await served.engineer.gatepass("status")
    assert (seen.status, "Nothing was sent to it" in seen.err) == (UNTRUSTED, True)
    seen = await served.engineer.gatepass("login", served.stage.url)
    assert (seen.status, "not vouched for" in seen.err) == (UNTRUSTED, True)


async def test_who_hands_out_an_authority_must_have_its_certificate(served: Encrypted, tmp_path: Path) -> None:
    """The right authority's certificate is no secret: whoever is in between hands it out too, and has not its key."""
    tls = served.stage.settings.tls
    assert tls is not None
    Authority(tmp_path / "other").renew(tls, HOSTS)
    right = fingerprint(served.authority.certificate())
    seen = await served.engineer.gatepass("login", served.stage.url, "--ca-fingerprint", right)
    assert (seen.status, "not vouched for" in seen.err) == (UNTRUSTED, True)


async def test_an_authority_may_be_given_as_a_file(served: Encrypted, browser: BrowserContext, tmp_path: Path) -> None:
    seen = await served.engineer.login(browser, "Alice", "--ca-file", str(served.authority.certificate_file))
    assert seen.status == 0, seen.err
    other = Authority(tmp_path / "other").certificate_file
    seen = await served.engineer.gatepass("login", served.stage.url, "--ca-file", str(other))
    assert (seen.status, "not vouched for" in seen.err) == (UNTRUSTED, True)
    seen = await served.engineer.gatepass("login", served.stage.url, "--ca-file", "/nothing")
    assert (seen.status, "no file /nothing" in seen.err) == (UNTRUSTED, True)
