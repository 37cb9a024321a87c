"""Which proof opens which door: the table of docs/tokens.md, each of its cells tried with a real one of that kind."""

import base64
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zlib import decompress

import pytest
import yaml
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - it has no types
from sqlmodel import col, select

from access.certificates.authority import ClientAuthority
from access.decisions.requests import Ask
from access.identity import presented
from access.identity.handing import hand_certificate, hand_token
from access.identity.oidc.logout_token import EVENT
from access.identity.saml.protocol.messages import Ourselves
from access.tokens import InvalidCredential
from storage.model import Grant
from support.access import ask_anyway
from support.identity.certificates import new_key
from support.identity.saml import IDP, PERSISTENT, SAML_NS, Forge, at, keys, metadata, sign, template
from support.web.command_line import CommandLine
from support.web.provisioning import Provisioner
from support.web.saml_stage import put_own_key
from support.web.stage import CLIENT, PagesStage
from support.web.visitor import Visitor
from web.door.cookies import SESSION

ID_TOKEN = "ID token"
CERTIFICATE = "client certificate of an access"
SAML_RESPONSE = "SAML response"
PAGE = Path(__file__).parents[4] / "docs" / "tokens.md"


def _table() -> dict[tuple[str, str], bool]:
    """Proof and door -> whether the page says that the one opens the other."""
    text = PAGE.read_text(encoding="utf-8").partition("<!-- doors -->")[2].partition("<!-- end of doors -->")[0]
    head, _, *rows = [re.split(r"\s*\|\s*", line.strip("| ")) for line in text.strip().splitlines()]
    return {(row[0], door): answer == "**opens**" for row in rows for door, answer in zip(head, row[1:], strict=True)}


@dataclass
class Corp:
    """One proof of each kind, all of them alice's and good."""

    visitor: Visitor
    stage: PagesStage
    provisioner: Provisioner

    async def id_token(self) -> str:
        return self._signed({"sub": "u-alice", "nonce": "n", "email": "alice@example.com", "email_verified": True})

    async def access_token(self) -> str:
        """As RFC 9068 has them, for whoever takes any JWT of the provider's."""
        return self._signed({"sub": "u-alice", "client_id": CLIENT, "scope": "openid", "jti": "1"})

    async def logout_token(self) -> str:
        return self._signed({"sub": "u-alice", "jti": "2", "events": {EVENT: {}}})

    async def cookie(self) -> str:
        await self.visitor.sign_in()
        return self.visitor.cookies[SESSION]

    async def command_line(self) -> str:
        await self.visitor.sign_in()
        line = CommandLine(self.visitor)
        await line.sign_in()
        return line.secret

    async def provisioning(self) -> str:
        return self.provisioner.token or ""

    async def short(self) -> str:
        world = self.stage.world
        policy = yaml.safe_load(world.access.policies.path.read_text())
        await world.write(policy | {"tokens": {"form": "short"}})
        return await self.access()

    async def certificate(self) -> str:
        """Of an access, as text: DER in base 64."""
        world = self.stage.world
        authority = ClientAuthority(world.access.policies.path.parent / "client-ca")
        world.access = replace(world.access, client_authority=authority)
        given = await hand_certificate(
            world.access, (await self._grant()).id, world["alice"], new_key().public_key(), source="cli"
        )
        return base64.b64encode(given.certificate).decode()

    async def access(self) -> str:
        return (await hand_token(self.stage.world.access, (await self._grant()).id, self.stage.world["alice"])).token

    async def _grant(self) -> Grant:
        world = self.stage.world
        request = await ask_anyway(world.access, world["alice"], Ask("payments-db", "read", 900))
        async with world.database.transaction() as transaction:
            return (await transaction.scalars(select(Grant).where(col(Grant.request_id) == request.id))).one()

    async def saml_response(self) -> str:
        """One for another question."""
        return self._forge("_another").posted()

    async def saml_logout(self) -> str:
        """As a form has it."""
        address = self._ours.sign_out
        made = (
            f'<samlp:LogoutRequest {SAML_NS} ID="_l" Version="2.0" IssueInstant="{at()}" Destination="{address}">'
            f"<saml:Issuer>{IDP}</saml:Issuer>{template('_l')}"
            f'<saml:NameID Format="{PERSISTENT}">u-alice</saml:NameID></samlp:LogoutRequest>'
        )
        signed = sign(f"<?xml version='1.0'?>\n{made}", keys("idp"), "protocol:LogoutRequest")
        return base64.b64encode(signed.encode()).decode()

    @property
    def _ours(self) -> Ourselves:
        return Ourselves(self.stage.url, "okta")

    def _forge(self, question: str) -> Forge:
        return Forge(self._ours.acs, self._ours.entity_id, question)

    async def saml_question(self) -> tuple[str, Forge]:
        """A sign-in begun at the SAML provider: its state, and what would answer it."""
        _, _, to = await self.visitor.ask("/sign-in/okta")
        said = parse_qs(urlsplit(to).query)
        root = etree.fromstring(decompress(base64.b64decode(said["SAMLRequest"][0]), -15))
        return said["RelayState"][0], self._forge(root.get("ID"))

    def _signed(self, claims: Mapping[str, Any]) -> str:
        provider = self.stage.provider
        return provider._signed(provider.clients[CLIENT], claims)


PROOFS: dict[str, Callable[[Corp], Awaitable[str]]] = {
    ID_TOKEN: Corp.id_token,
    "access token of the provider": Corp.access_token,
    "logout token": Corp.logout_token,
    "browser's cookie": Corp.cookie,
    "command line's secret": Corp.command_line,
    "token of provisioning": Corp.provisioning,
    "token of an access": Corp.access,
    "short token of an access": Corp.short,
    CERTIFICATE: Corp.certificate,
    SAML_RESPONSE: Corp.saml_response,
    "SAML logout request": Corp.saml_logout,
}


@pytest.fixture
async def okta(stage: PagesStage, tmp_path: Path) -> None:
    """A SAML provider beside the other one."""
    put_own_key(tmp_path)
    (tmp_path / "okta.xml").write_text(metadata())
    document = stage.world.access.policies.current.document
    document["providers"]["okta"] = {
        "saml": {"entity_id": IDP, "metadata": f"file:{tmp_path / 'okta.xml'}"},
        "email": "managed",
    }
    await stage.world.write(document)


async def _sign_in(corp: Corp, proof: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    """The provider gives it in place of the ID token, of which it makes one that belongs to this sign-in."""
    provider, visitor = corp.stage.provider, corp.visitor
    sign = provider._signed

    def signed(client: Any, claims: Mapping[str, Any]) -> str:
        return sign(client, claims) if proof == ID_TOKEN else proof

    monkeypatch.setattr(provider, "_signed", signed)
    visitor.cookies.clear()
    _, _, to = await visitor.ask(await visitor.answered(await visitor.asked()))
    return to == "/"


async def _log_out(corp: Corp, proof: str, _patch: pytest.MonkeyPatch) -> bool:
    status, _, _ = await corp.visitor.ask("/sign-out/corp/back-channel", "POST", data={"logout_token": proof})
    return status == 200


async def _page(corp: Corp, proof: str, _patch: pytest.MonkeyPatch) -> bool:
    corp.visitor.cookies = {SESSION: proof}
    status, _, to = await corp.visitor.ask("/", headers={"Authorization": f"Bearer {proof}"})
    return (status, to) == (200, "")


async def _api(corp: Corp, proof: str, _patch: pytest.MonkeyPatch) -> bool:
    line = CommandLine(corp.visitor, secret=proof)
    status, _ = await line.call("/api/me", headers={"Cookie": f"{SESSION}={proof}"})
    return status == 200


async def _provision(corp: Corp, proof: str, _patch: pytest.MonkeyPatch) -> bool:
    status, _, _ = await corp.visitor.ask("/scim/v2/corp/Users", headers={"Authorization": f"Bearer {proof}"})
    return status == 200


async def _gateway(corp: Corp, proof: str, _patch: pytest.MonkeyPatch) -> bool:
    try:
        await presented.token(proof).read(corp.stage.world.access)
    except InvalidCredential:
        return False
    return True


async def _gateway_tls(corp: Corp, proof: str, _patch: pytest.MonkeyPatch) -> bool:
    """In the place of a client certificate: what is proven of it there is that its bearer has the key."""
    world = corp.stage.world
    if world.access.client_authority is None:
        authority = ClientAuthority(world.access.policies.path.parent / "client-ca")
        world.access = replace(world.access, client_authority=authority)
    try:
        der = base64.b64decode(proof, validate=True)
    except ValueError:
        der = proof.encode()
    try:
        await presented.certificate(der).read(world.access)
    except InvalidCredential:
        return False
    return True


def _spellings(proof: str) -> list[str]:
    return [proof, base64.b64encode(proof.encode()).decode()]


async def _saml_sign_in(corp: Corp, proof: str, _patch: pytest.MonkeyPatch) -> bool:
    corp.visitor.cookies.clear()
    state, forge = await corp.saml_question()
    for each in [forge.posted()] if proof == SAML_RESPONSE else _spellings(proof):
        form = {"SAMLResponse": each, "RelayState": state}
        status, _, to = await corp.visitor.ask("/sign-in/okta/acs", "POST", data=form)
        if status == 303 and (await corp.visitor.ask(to))[2] == "/":
            return True
    return False


async def _saml_logout(corp: Corp, proof: str, _patch: pytest.MonkeyPatch) -> bool:
    answers = [
        (await corp.visitor.ask("/sign-out/okta/saml", "POST", data={"SAMLRequest": each}))[0]
        for each in _spellings(proof)
    ]
    return 303 in answers


DOORS = {
    "SAML sign-in": _saml_sign_in,
    "SAML logout": _saml_logout,
    "sign-in": _sign_in,
    "logout at the provider": _log_out,
    "pages": _page,
    "API": _api,
    "provisioning": _provision,
    "gateway": _gateway,
    "gateway's TLS": _gateway_tls,
}


def test_the_table_has_every_proof_and_every_door_and_one_door_for_each() -> None:
    table = _table()
    assert set(table) == {(proof, door) for proof in PROOFS for door in DOORS}
    assert sum(table.values()) == len(PROOFS) - 1, "the provider's access token opens nothing here"


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("proof", PROOFS)
async def test_what_a_proof_opens(
    visitor: Visitor,
    stage: PagesStage,
    corp: Provisioner,
    okta: None,
    proof: str,
    door: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Corp(visitor, stage, corp)
    # One for another sign-in opens nothing: that it is of this one is the provider's to say.
    is_of_this = (proof, door) in {(ID_TOKEN, "sign-in"), (SAML_RESPONSE, "SAML sign-in")}
    brought = proof if is_of_this else await PROOFS[proof](here)
    assert await DOORS[door](here, brought, monkeypatch) is _table()[proof, door]
