"""Assertions and what they are compared with, for tests without a server."""

from datetime import UTC, datetime
from typing import Any

from access.identity.saml.protocol.assertion import Asserted, Expected, read_assertion
from access.identity.saml.protocol.documents import read
from access.identity.saml.protocol.signatures import signed
from access.policy.shapes.providers import SamlProvider
from support.identity.saml import IDP, Forge

ACS, AUDIENCE, QUESTION = "https://gate.example.com/sign-in/corp/acs", "https://gate.example.com/x", "_question"


def registered(**more: Any) -> SamlProvider:
    """A provider of the policy, whose people are found by their address; `saml` adds to what is said of it there."""
    said = {"entity_id": IDP, "metadata": "file:/idp.xml"} | more.pop("saml", {})
    return SamlProvider.model_validate({"name": "corp", "email": "managed", "saml": said} | more)


def forge(**changes: Any) -> Forge:
    return Forge(ACS, AUDIENCE, QUESTION, **changes)


def asserted(made: Forge, provider: SamlProvider | None = None) -> Asserted:
    """What an assertion says whose signature is taken for good. Raises InvalidSaml."""
    expected = Expected(provider or registered(), AUDIENCE, ACS, QUESTION)
    return read_assertion(signed(read(made.assertion().encode())), expected, datetime.now(UTC))
