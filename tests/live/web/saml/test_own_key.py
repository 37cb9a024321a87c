"""Our own key is spoiled while the pages are served: people and operator are told so, each what is theirs to know."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from access.identity import browser_sessions
from access.identity.proven import SignIn
from storage.database import clock
from storage.model import BrowserSession
from support.web.saml_logout import posted
from support.web.saml_stage import SamlStage, SamlVisitor


@pytest.fixture
def spoiled(saml: SamlStage, tmp_path: Path) -> Path:
    """Nobody asked for it before, so nothing of it is kept."""
    path = tmp_path / "saml" / "key.pem"
    path.chmod(0o644)
    return path


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/sign-in/corp"), ("GET", "/sign-in/corp/metadata"), ("POST", "/sign-in/corp/acs")],
)
async def test_it_is_our_fault_and_not_the_providers(guest: SamlVisitor, spoiled: Path, method: str, path: str) -> None:
    form = {"SAMLResponse": "QUJD", "RelayState": "A" * 43} if method == "POST" else None
    with capture_logs() as logged:
        status, text, _ = await guest.ask(path, method, data=form)
    assert (status, "cannot use its own key" in text, "cannot ask" in text) == (500, True, False), text
    assert str(spoiled) not in text
    [said] = [each for each in logged if each["event"] == "own_key_unusable"]
    assert (said["log_level"], said["provider"]) == ("error", "corp")
    assert f"{spoiled} can be read by others than its owner: chmod 600 it" in said["why"]


async def test_a_logout_is_done_without_it(guest: SamlVisitor, saml: SamlStage, spoiled: Path) -> None:
    async with saml.world.database.transaction() as transaction:
        await browser_sessions.begin(transaction, saml.world["alice"], "corp", proven(saml), await clock(transaction))
    with capture_logs() as logged:
        status, text, _ = await guest.ask("/sign-out/corp/saml", "POST", data=posted(saml))
    assert (status, "could not tell Example Corp so" in text) == (200, True), text
    assert [each["event"] for each in logged if each["log_level"] != "info"] == ["logout_not_answered"]
    [session] = await saml.world.all(BrowserSession)
    assert session.ended_at is not None


def proven(saml: SamlStage) -> SignIn:
    now = datetime.now(UTC)
    return SignIn(saml.idp.entity_id, "u-alice", now, now, (), None, "s1", None, False, {})
