"""Names that look like somebody else's: each is an account of its own."""

import secrets
from typing import Any

import pytest

from storage.model import BrowserEnd, BrowserSession, Principal
from support.identity.saml import EMAIL, PERSISTENT
from support.web.saml_stage import SamlStage, SamlVisitor, saml_visitor

UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"


async def brought(visitor: SamlVisitor, address: str = "bob@example.com", **said: str) -> tuple[int, str, str]:
    """A sign-in with this NameID, as `address`."""
    await visitor.asked()
    attributes = {"memberOf": ["sre"]} | ({"mail": [address]} if address else {})
    forge = visitor.forge(said={"id": f"_{secrets.token_hex(8)}"} | said, attributes=attributes)
    status, text, to = await visitor.bring_forged(forge)
    return await visitor.ask(to) if status == 303 else (status, text, to)


@pytest.mark.parametrize(
    ("theirs", "his"),
    [
        ({"format": PERSISTENT, "subject": "u-alice"}, {"format": UNSPECIFIED, "subject": "u-alice"}),
        ({"format": EMAIL, "subject": "alice@example.com"}, {"format": UNSPECIFIED, "subject": "alice@example.com"}),
        ({"format": PERSISTENT, "subject": "u-alice"}, {"format": PERSISTENT, "subject": "u-alice\u00a0"}),
        ({"format": PERSISTENT, "subject": "u-alice"}, {"format": PERSISTENT, "subject": " u-alice"}),
        (
            {"format": UNSPECIFIED, "subject": "alice"},
            {"format": UNSPECIFIED, "subject": "alice", "name_more": ' NameQualifier="https://partner.example.com"'},
        ),
    ],
)
async def test_a_name_that_is_nearly_another_is_not_that_account(
    saml: SamlStage, theirs: dict[str, str], his: dict[str, str]
) -> None:
    """Whoever asks says in which format, and questions are not signed: a user name may be what another's address is."""
    async with saml_visitor(saml) as alice, saml_visitor(saml) as bob:
        assert (await brought(alice, "alice@example.com", **theirs))[0] == 303
        assert "alice" in (await alice.ask("/"))[1]
        await brought(bob, **his)
        page = (await bob.ask("/"))[1]
        assert "<span>alice</span>" not in page


@pytest.mark.parametrize(("address", "first"), [("gina@example.com", PERSISTENT), ("", EMAIL)])
async def test_nobody_is_brought_twice_by_two_formats(saml: SamlStage, address: str, first: str) -> None:
    """Two people would be four eyes."""

    def group(said: dict[str, Any]) -> None:
        said["groups"]["operators"] = {"provider": "corp", "claim": "memberOf", "value": "sre"}

    await saml.amend(group)
    async with saml_visitor(saml) as gina:
        for form, subject in ((PERSISTENT, "u-gina"), (UNSPECIFIED, "gina"), (EMAIL, "gina@example.com")):
            status, text, _ = await brought(gina, address, format=form, subject=subject)
            assert status == (303 if form == first else 403), text
    names = [each.name for each in await saml.world.all(Principal) if each.brought_by]
    assert len(names) == 1, names


async def test_a_provider_that_is_gone_signs_everybody_out(guest: SamlVisitor, saml: SamlStage) -> None:
    await guest.signed_in()

    def gone(said: dict[str, Any]) -> None:
        said["providers"]["corp"]["saml"]["entity_id"] = "https://other.example.com"

    await saml.amend(gone)
    assert (await guest.ask("/"))[2] == "/sign-in"
    assert [each.end_reason for each in await saml.world.all(BrowserSession)] == [BrowserEnd.LEFT]
