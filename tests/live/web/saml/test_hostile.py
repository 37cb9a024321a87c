"""Answers that are made to cost much, or to break what reads them: refused at once, as any other."""

import pytest

from access.identity.saml import replays
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from storage.database import clock
from support.identity.saml import EXCLUSIVE
from support.web.saml_stage import SamlStage, SamlVisitor

#: Half a letter of the name stands at the end of what xmlsec1 says of it.
NAMES = [f"{'x' * ahead}{'é' * 700}" for ahead in range(3)]

TRANSFORM = f'<ds:Transform Algorithm="{EXCLUSIVE}"/>'
PREFIXES = " ".join(f"p{number}" for number in range(30_000))
MANY = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{PREFIXES}"/>'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *(("</ds:Reference>", f"<ds:{name}/></ds:Reference>") for name in NAMES),
        ("<saml:Subject>", f"<saml:Subject {' '.join(f'a{n}=#1#' for n in range(20_000))}>".replace("#", '"')),
        (TRANSFORM, TRANSFORM.replace("/>", f">{MANY}</ds:Transform>")),
    ],
)
async def test_what_breaks_nothing(guest: SamlVisitor, saml: SamlStage, old: str, new: str) -> None:
    await guest.asked()
    status, text, _ = await guest.bring_forged(guest.forge(after=lambda response: response.replace(old, new, 1)))
    assert (status, "You are not signed in" in text) == (403, True), text
    [event] = await saml.world.events("web:browser:sign_in")
    assert event["detail"]["why"] in {"wrapped", "malformed", "transform"}


async def test_what_ran_out_while_it_was_verified_counts_no_more(saml: SamlStage) -> None:
    """Verifying may wait; what was noted of the first time is forgotten when it would have run out."""
    async with saml.world.access.database.transaction() as transaction:
        now = await clock(transaction)
        with pytest.raises(InvalidSaml) as refused:
            await replays.once(transaction, saml.idp.entity_id, "_again", now, now)
    assert refused.value.reason is SamlProblem.EXPIRED
