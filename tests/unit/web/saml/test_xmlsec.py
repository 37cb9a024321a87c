"""What lacks on a machine without the program that verifies signatures."""

import pytest

from access.policy.policy import Policy
from web.saml import xmlsec

SAML = {"saml": {"entity_id": "x", "metadata": "file:/x"}, "email": "managed"}


def policy(**providers: object) -> Policy:
    return Policy.model_validate({"version": 1, "providers": providers})


def test_nothing_lacks_where_it_is_or_nobody_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert xmlsec.lacking(policy(okta=SAML)) is None
    monkeypatch.setenv("PATH", "/nowhere")
    assert xmlsec.lacking(policy(corp={"issuer": "https://login.example.com", "client_id": "x"})) is None


def test_a_sentence_says_what_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    said = xmlsec.lacking(policy(okta=SAML)) or ""
    assert "xmlsec1" in said
    assert "okta" in said
    assert said.endswith(".")
