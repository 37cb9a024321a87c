"""Attributes by their names, and the one address among them."""

import pytest

from access.identity.saml.protocol.attributes import EMAIL_NAMES, Attributes
from access.identity.saml.protocol.documents import read
from access.identity.saml.protocol.problems import InvalidSaml
from support.identity.saml import SAML_NS


def told(*attributes: tuple[str, str, list[str]]) -> Attributes:
    """Name, FriendlyName, values."""
    made = "".join(
        f'<saml:Attribute Name="{name}" FriendlyName="{friendly}">'
        + "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)
        + "</saml:Attribute>"
        for name, friendly, values in attributes
    )
    statement = f"<saml:AttributeStatement>{made}</saml:AttributeStatement>"
    return Attributes.read(read(f"<saml:Assertion {SAML_NS}>{statement}</saml:Assertion>".encode()))


def test_by_name_and_by_friendly_name() -> None:
    found = told(("urn:oid:1", "groups", ["a", " b "]), ("x", "", ["c"]), ("x", "", ["d"]))
    assert found.claims == {"urn:oid:1": ["a", "b"], "groups": ["a", "b"], "x": ["c", "d"]}


def test_a_friendly_name_takes_nothing_from_a_name_and_means_one() -> None:
    found = told(
        ("groups", "", ["real"]), ("urn:1", "groups", ["other"]), ("urn:2", "two", ["p"]), ("urn:3", "two", ["q"])
    )
    assert found.claims["groups"] == ["real"]
    assert "two" not in found.claims


def test_values_that_are_no_text() -> None:
    assert told(("x", "", ["<saml:NameID>n</saml:NameID>", "", "t"])).claims == {"x": ["t"]}


def test_who_somebody_is_without_an_address() -> None:
    assert told(("uid", "", ["alice"])).claims["preferred_username"] == "alice"
    assert "preferred_username" not in told(("uid", "", ["alice", "bob"])).claims


@pytest.mark.parametrize("name", EMAIL_NAMES)
def test_the_address(name: str) -> None:
    assert told((name, "", ["Alice@example.com"])).email(None) == "Alice@example.com"
    assert told(("urn:x", name, ["Alice@example.com"])).email(None) == "Alice@example.com"


def test_the_attribute_of_the_policy_alone() -> None:
    found = told(("mail", "", ["a@example.com"]), ("contact", "", ["b@example.com"]))
    assert (found.email("contact"), found.email("other"), found.email(None)) == ("b@example.com", None, "a@example.com")


def test_several_addresses() -> None:
    assert told(("mail", "", ["A@example.com"]), ("email", "", ["a@example.com"])).email(None) == "A@example.com"
    with pytest.raises(InvalidSaml, match="several"):
        told(("mail", "", ["a@example.com", "b@example.com"])).email(None)


def test_more_than_anybody_has() -> None:
    with pytest.raises(InvalidSaml):
        told(*[(f"a{number}", "", []) for number in range(501)])
    with pytest.raises(InvalidSaml):
        told(("", "", ["x"]))
