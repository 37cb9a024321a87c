"""For whom an answer is, and the one assertion in it."""

from typing import Any

import pytest

from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from access.identity.saml.protocol.response import read_response
from support.identity.issuers import rsa_key
from support.identity.saml import IDP, template
from support.identity.saml_values import ACS, QUESTION, forge

P = SamlProblem


def answered(**changes: Any) -> str:
    made = forge(**changes)
    text = made.around(made.assertion())
    text = text if made.after is None else made.after(text)
    return read_response(text.encode(), issuer=IDP, acs=ACS, key=rsa_key("ours")).in_response_to


def test_an_answer() -> None:
    assert answered() == QUESTION
    assert answered(after=lambda text: text.replace(f"<saml:Issuer>{IDP}</saml:Issuer>", "", 1)) == QUESTION


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"said": {"version": "1.0"}}, P.WRONG_KIND),
        ({"said": {"destination": "https://evil.example"}}, P.WRONG_DESTINATION),
        ({"said": {"response_issuer": "https://evil.example"}}, P.WRONG_ISSUER),
        ({"said": {"response_to": ""}}, P.UNSOLICITED),
        ({"said": {"response_to": " InResponseTo=#" + "x" * 65 + "#"}}, P.UNSOLICITED),
        ({"said": {"status": '<samlp:StatusCode Value="x"/>'}}, P.REFUSED),
        ({"said": {"status": ""}}, P.MALFORMED),
        ({"said": {"ahead": "<saml:Assertion/>"}}, P.SEVERAL_ASSERTIONS),
        ({"said": {"behind": "<saml:EncryptedAssertion/>"}}, P.SEVERAL_ASSERTIONS),
        ({"signs_assertion": False}, P.UNSIGNED),
        ({"signs_assertion": False, "said": {"ahead": template("_response")}}, P.UNSIGNED_ASSERTION),
        ({"after": lambda text: text.partition("<saml:Assertion")[0] + "</samlp:Response>"}, P.NO_ASSERTION),
    ],
)
def test_what_is_none(changes: dict[str, Any], problem: SamlProblem) -> None:
    with pytest.raises(InvalidSaml) as refused:
        answered(**changes)
    assert refused.value.reason is problem


@pytest.mark.parametrize(("word", "told"), [("AuthnFailed", "AuthnFailed"), ("No Passive!", None), ("x" * 70, None)])
def test_the_providers_word_for_a_refusal(word: str, told: str | None) -> None:
    inner = f'<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{word}"/>'
    with pytest.raises(InvalidSaml) as refused:
        answered(said={"status": f'<samlp:StatusCode Value="x">{inner}</samlp:StatusCode>'})
    assert refused.value.word == told
