"""xmlsec1 has a limit: what hangs is killed, the answer is refused on record, and the next one is verified."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - it has no types
from structlog.testing import capture_logs

from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from access.identity.saml.protocol.signatures import Signed, signed
from support.identity.saml import Forge, keys
from support.web.saml_stage import SamlVisitor
from web.door.cookies import SESSION
from web.oidc.fetching import ProviderSilent
from web.saml import xmlsec

SIGN_IN = xmlsec.Purpose.SIGN_IN
CERTIFICATES = (keys("somebody").certificate, keys("idp").certificate)


@pytest.fixture(scope="module")
def message() -> Signed:
    made = Forge("https://gate.example.com/acs", "https://gate.example.com", "_q").signed_assertion()
    return signed(etree.fromstring(made))


@pytest.fixture
def hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Puts another xmlsec1 before the real one, which says its version, hangs at a word, and writes down who it is."""
    folder = tmp_path / "hanging"

    def put(at: str) -> Path:
        folder.mkdir()
        monkeypatch.setattr(xmlsec, "LIMIT_S", 2.0)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        return hanging(folder, at=at)

    return put


def hanging(folder: Path, *, at: str) -> Path:
    program = folder / "xmlsec1"
    program.write_text(
        f'#!/bin/sh\necho $$ >> {folder}/started\n[ "$1" = {at} ] && exec sleep 600\necho "xmlsec1 1.2.37 (openssl)"\n'
    )
    program.chmod(0o755)
    return folder


def started(folder: Path) -> list[int]:
    return [int(each) for each in (folder / "started").read_text().split()]


async def test_several_keys_are_tried(message: Signed) -> None:
    await xmlsec.XmlSec().verify(message, CERTIFICATES, SIGN_IN)
    with pytest.raises(InvalidSaml, match="is not signed by the provider"):
        await xmlsec.XmlSec().verify(message, CERTIFICATES[:1], SIGN_IN)


@pytest.mark.parametrize("where", ["--version", "--verify"])
async def test_what_hangs_is_killed(hang: Callable[[str], Path], message: Signed, where: str) -> None:
    folder, verifier = hang(where), xmlsec.XmlSec()
    with capture_logs() as logged, pytest.raises(InvalidSaml) as caught:
        await verifier.verify(message, CERTIFICATES, SIGN_IN)
    assert caught.value.reason is SamlProblem.TOOK_TOO_LONG
    assert [each["event"] for each in logged] == ["signature_given_up"]
    assert not any(psutil.pid_exists(each) for each in started(folder))


async def test_all_keys_have_one_limit(hang: Callable[[str], Path], message: Signed) -> None:
    """A provider may list ten."""
    folder = hang("--verify")
    with pytest.raises(InvalidSaml, match="took too long"):
        await xmlsec.XmlSec().verify(message, CERTIFICATES * 5, SIGN_IN)
    assert len(started(folder)) == 2, "its version, and one key"


async def test_only_so_many_wait(hang: Callable[[str], Path], message: Signed, monkeypatch: pytest.MonkeyPatch) -> None:
    hang("--verify")
    monkeypatch.setattr(xmlsec, "MAX_WAITING", 1)
    verifier = xmlsec.XmlSec()
    five = [verifier.verify(message, CERTIFICATES, SIGN_IN) for _ in range(5)]
    found = await asyncio.gather(*five, return_exceptions=True)
    assert sorted(type(each).__name__ for each in found) == ["InvalidSaml"] * 3 + ["ProviderSilent"] * 2
    assert any("too many signatures wait" in str(each) for each in found if isinstance(each, ProviderSilent))


async def test_logouts_keep_nobody_from_signing_in(
    hang: Callable[[str], Path], message: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    hang("--verify")
    monkeypatch.setattr(xmlsec, "MAX_WAITING", 1)
    verifier = xmlsec.XmlSec()
    asked = [xmlsec.Purpose.LOGOUT] * 9 + [SIGN_IN] * 3
    found = await asyncio.gather(
        *(verifier.verify(message, CERTIFICATES, each) for each in asked), return_exceptions=True
    )
    assert [type(each).__name__ for each in found] == [
        *["InvalidSaml"] * 3,
        *["ProviderSilent"] * 6,
        *["InvalidSaml"] * 3,
    ]


async def test_an_answer_that_cannot_be_verified_in_time_is_refused(
    guest: SamlVisitor, hang: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    form, before = await guest.given(await guest.asked()), os.environ["PATH"]
    hang("--verify")
    status, text, _ = await guest.bring(form)
    assert (status, "took too long to verify" in text) == (403, True), text
    [event] = await guest.saml.world.events("web:browser:sign_in")
    assert event["detail"]["why"] == "took_too_long"
    monkeypatch.setenv("PATH", before)
    monkeypatch.setattr(xmlsec, "LIMIT_S", 10.0)
    assert (await guest.signed_in())[0] == 303
    assert SESSION in guest.cookies
