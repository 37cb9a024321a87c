"""What a provider calls an account."""

import pytest

from access.identity.saml.protocol.documents import read
from access.identity.saml.protocol.names import EMAIL, PERSISTENT, TRANSIENT, UNSPECIFIED, Name, name_id
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from support.identity.saml import IDP, SAML_NS
from support.identity.saml_values import AUDIENCE, registered

P = SamlProblem


def named(attributes: str, text: str = "u1", *, inner: str | None = None, identify: str = "email") -> str:
    made = f"<saml:NameID {attributes}>{text}</saml:NameID>" if inner is None else inner
    holder = read(f"<saml:Subject {SAML_NS}>{made}</saml:Subject>".encode())
    return name_id(holder, registered(identify=identify), AUDIENCE).value


@pytest.mark.parametrize("form", [PERSISTENT, EMAIL, UNSPECIFIED])
def test_names_that_last(form: str) -> None:
    assert named(f'Format="{form}"') == "u1"
    assert named("") == "u1"
    assert named(f'Format="{PERSISTENT}" NameQualifier="{IDP}" SPNameQualifier="{AUDIENCE}"') == "u1"


@pytest.mark.parametrize(
    ("attributes", "text", "identify", "problem"),
    [
        (f'Format="{TRANSIENT}"', "u1", "email", P.TRANSIENT_NAME),
        (f'Format="{TRANSIENT}"', "u1", "subject", P.TRANSIENT_NAME),
        (f'Format="{EMAIL}"', "u1", "subject", P.NOT_PERSISTENT),
        ("", "u1", "subject", P.NOT_PERSISTENT),
        (f'Format="{PERSISTENT}" NameQualifier="x"', "u1", "subject", P.OTHER_QUALIFIER),
        (f'Format="{PERSISTENT}" SPNameQualifier="x"', "u1", "email", P.OTHER_QUALIFIER),
        (f'Format="{EMAIL}" NameQualifier="x"', "u1", "email", P.OTHER_QUALIFIER),
        ('SPNameQualifier="x"', "u1", "email", P.OTHER_QUALIFIER),
        ("", " u1", "email", P.MALFORMED),
        ("", "u1\n", "email", P.MALFORMED),
        ("", "\u00a0u1", "email", P.MALFORMED),
        (f'Format="{"x" * 201}"', "u1", "email", P.MALFORMED),
        (f'Format="{EMAIL} x"', "u1", "email", P.MALFORMED),
        ("", "", "email", P.MALFORMED),
        ("", "x" * 256, "email", P.MALFORMED),
        ("", "a<b/>", "email", P.MALFORMED),
    ],
)
def test_names_that_do_not(attributes: str, text: str, identify: str, problem: SamlProblem) -> None:
    with pytest.raises(InvalidSaml) as refused:
        named(attributes, text, identify=identify)
    assert refused.value.reason is problem


def test_a_hidden_name_and_two() -> None:
    for inner, problem in (
        ("<saml:EncryptedID/>", P.ENCRYPTED_NAME),
        ("<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>", P.MALFORMED),
        ("", P.MALFORMED),
    ):
        with pytest.raises(InvalidSaml) as refused:
            named("", inner=inner)
        assert refused.value.reason is problem


def test_the_same_text_in_two_formats_is_two_accounts() -> None:
    accounts = {Name("u1", each).account for each in (PERSISTENT, EMAIL, UNSPECIFIED)}
    assert accounts == {"u1", f"{EMAIL} u1", f"{UNSPECIFIED} u1"}


def test_no_persistent_name_is_another_of_a_format() -> None:
    accounts = {Name(f"{EMAIL} u1", PERSISTENT).account, Name("u1", EMAIL).account, Name("a b", PERSISTENT).account}
    assert accounts == {f"{PERSISTENT} {EMAIL} u1", f"{EMAIL} u1", f"{PERSISTENT} a b"}
