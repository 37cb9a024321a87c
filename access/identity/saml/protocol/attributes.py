"""Attributes of an assertion (saml-core 2.7.3), by Name, and by FriendlyName where that means one of them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from access.identity.saml.protocol.documents import BLANKS, Element, saml
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from access.policy.values.mailbox import folded, is_address

#: How products call the attribute with the address.
EMAIL_NAMES: Final = (
    "email",
    "mail",
    "emailAddress",
    "Email",
    "urn:oid:0.9.2342.19200300.100.1.3",
    "urn:oid:1.2.840.113549.1.9.1",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
)
_USER_NAMES: Final = ("uid", "username", "urn:oid:0.9.2342.19200300.100.1.1")
_MAX_ATTRIBUTES: Final = 500


@dataclass(frozen=True)
class Attributes:
    """What an assertion says of an account: name -> values."""

    by_name: Mapping[str, list[str]]

    @classmethod
    def read(cls, assertion: Element) -> "Attributes":
        """Of all its statements; values that are no text are left out. Raises InvalidSaml."""
        named: dict[str, list[str]] = {}
        friendly: dict[str, set[str]] = {}
        found = [
            each
            for statement in assertion.findall(saml("AttributeStatement"))
            for each in statement.findall(saml("Attribute"))
        ]
        if len(found) > _MAX_ATTRIBUTES:
            raise InvalidSaml(SamlProblem.MALFORMED)
        for each in found:
            name = each.get("Name")
            if not name:
                raise InvalidSaml(SamlProblem.MALFORMED)
            named.setdefault(name, []).extend(_values(each))
            if each.get("FriendlyName"):
                friendly.setdefault(each.get("FriendlyName"), set()).add(name)
        for called, names in friendly.items():
            if len(names) == 1:
                named.setdefault(called, named[next(iter(names))])
        return cls(named)

    @property
    def claims(self) -> dict[str, list[str] | str]:
        """As the mapping of groups reads them, and who somebody is where they have no address."""
        users = {value for name in _USER_NAMES for value in self.by_name.get(name, ())}
        called = {"preferred_username": next(iter(users))} if len(users) == 1 else {}
        return {**called, **self.by_name}

    def email(self, attribute: str | None) -> str | None:
        """The one address in `attribute`, or in those of the usual names. Raises InvalidSaml for several."""
        names = EMAIL_NAMES if attribute is None else (attribute,)
        told = {value for name in names for value in self.by_name.get(name, ()) if is_address(value)}
        if len({folded(each) for each in told}) > 1:
            raise InvalidSaml(SamlProblem.SEVERAL_ADDRESSES)
        return min(told, default=None)


def _values(attribute: Element) -> list[str]:
    return [
        (each.text or "").strip(BLANKS)
        for each in attribute.findall(saml("AttributeValue"))
        if not len(each) and each.text
    ]
