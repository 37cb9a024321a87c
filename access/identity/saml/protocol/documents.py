"""XML that strangers send: bounded and plain before anything builds a tree of it. Pure.

No document type, so no entities of any kind; no processing instructions; UTF-8 alone, so that no two parsers read it
otherwise. Comments are left out of trees as the signatures leave them out: what is signed around one is read as one.
"""

import base64
from collections.abc import Iterator, Sized
from datetime import UTC, datetime
from typing import Any, Final
from xml.parsers import expat

from lxml import etree as _untyped  # pyright: ignore[reportAttributeAccessIssue] - it has no types

from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem

#: More of a message is not even parsed.
MAX_BYTES: Final = 256 * 1024
_MAX_DEPTH: Final = 40
_MAX_ELEMENTS: Final = 20_000
#: Of one element, with its namespaces: canonicalisation sorts them one by one, and thousands take it many seconds.
_MAX_ATTRIBUTES: Final = 64
_MAX_TEXT_CHARS: Final = 4_096
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)

PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
SIGNATURE: Final = "http://www.w3.org/2000/09/xmldsig#"

#: What XML calls white space: other blanks are letters of a name (XML 1.0, 2.3).
BLANKS: Final = " \t\r\n"

#: lxml has no types.
etree: Any = _untyped
#: An element of a tree.
Element = Any


def samlp(name: str) -> str:
    return f"{{{PROTOCOL}}}{name}"


def saml(name: str) -> str:
    return f"{{{ASSERTION}}}{name}"


def ds(name: str) -> str:
    return f"{{{SIGNATURE}}}{name}"


def read(data: bytes, *, most: int = MAX_BYTES) -> Element:
    """The root of a document of at most `most` bytes. Raises InvalidSaml."""
    if len(data) > most:
        raise InvalidSaml(SamlProblem.OVERSIZED)
    _Plain().look(data)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        strip_cdata=True,
        encoding="utf-8",
    )
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InvalidSaml(SamlProblem.MALFORMED) from error


def decoded(text: object, *, most: int = MAX_BYTES) -> bytes:
    """What base64 in a form says, with line breaks or without (saml-bindings-2.0 3.5.4). Raises InvalidSaml."""
    if not isinstance(text, str):
        raise InvalidSaml(SamlProblem.MALFORMED)
    if len(text) > most * 3 // 2:
        raise InvalidSaml(SamlProblem.OVERSIZED)
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError as error:
        raise InvalidSaml(SamlProblem.MALFORMED) from error


def written(element: Element) -> bytes:
    """An element as a document of its own, with the namespaces that stand above it."""
    return etree.tostring(element, encoding="utf-8", xml_declaration=False, with_tail=False)


def only(element: Element, tag: str) -> Element:
    """The one child of this name. Raises InvalidSaml."""
    found = element.findall(tag)
    if len(found) != 1:
        raise InvalidSaml(SamlProblem.MALFORMED)
    return found[0]


def at_most_one(element: Element, tag: str) -> Element | None:
    found = element.findall(tag)
    if len(found) > 1:
        raise InvalidSaml(SamlProblem.MALFORMED)
    return found[0] if found else None


def text_of(element: Element) -> str:
    """All of an element's text, which has no elements in it. Raises InvalidSaml."""
    if len(element):
        raise InvalidSaml(SamlProblem.MALFORMED)
    text = (element.text or "").strip(BLANKS)
    if len(text) > _MAX_TEXT_CHARS or not text.isprintable():
        raise InvalidSaml(SamlProblem.MALFORMED)
    return text


def moment(text: str | None) -> datetime:
    """An xs:dateTime in UTC (saml-core 1.3.3). Raises InvalidSaml."""
    if text is None or not text.endswith("Z"):
        raise InvalidSaml(SamlProblem.MALFORMED)
    # Some write seven digits of a second, and Python takes six.
    whole, point, rest = text.removesuffix("Z").partition(".")
    if point and not (rest.isascii() and rest.isdigit()):
        raise InvalidSaml(SamlProblem.MALFORMED)
    try:
        found = datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise InvalidSaml(SamlProblem.MALFORMED) from error
    # "For ever" is the last moment that there is: nothing can be added to that.
    return min(max(found, _FIRST), _LAST)


def name_of_message(element: Element) -> str:
    """Its ID: an NCName of ASCII (saml-core 1.3.4). Raises InvalidSaml."""
    name = element.get("ID") or ""
    is_name = name.isascii() and all(each.isalnum() or each in "_.-" for each in name)
    if not 1 <= len(name) <= 256 or not is_name or not (name[0].isalpha() or name[0] == "_"):
        raise InvalidSaml(SamlProblem.MALFORMED)
    return name


def elements(root: Element) -> Iterator[Element]:
    """Every element of a tree."""
    yield from root.iter(etree.Element)


class _Plain:
    """Looks through a document for what no message has, and counts."""

    def __init__(self) -> None:
        self._depth = self._count = 0

    def look(self, data: bytes) -> None:
        """Raises InvalidSaml."""
        parser = expat.ParserCreate(encoding="utf-8")
        parser.StartDoctypeDeclHandler = self._refused
        parser.EntityDeclHandler = self._refused
        parser.ProcessingInstructionHandler = self._refused
        parser.XmlDeclHandler = self._declared
        parser.StartElementHandler = self._begun
        parser.EndElementHandler = self._ended
        try:
            parser.Parse(data, True)
        except (expat.ExpatError, ValueError) as error:
            raise InvalidSaml(SamlProblem.MALFORMED) from error

    def _refused(self, *_: object) -> None:
        raise InvalidSaml(SamlProblem.DOCTYPE)

    def _declared(self, version: str, encoding: str | None, _: int) -> None:
        if version != "1.0" or (encoding is not None and encoding.lower() != "utf-8"):
            raise InvalidSaml(SamlProblem.MALFORMED)

    def _begun(self, _: str, attributes: Sized) -> None:
        self._depth += 1
        self._count += 1
        if self._depth > _MAX_DEPTH or self._count > _MAX_ELEMENTS or len(attributes) > _MAX_ATTRIBUTES:
            raise InvalidSaml(SamlProblem.MALFORMED)

    def _ended(self, _: str) -> None:
        self._depth -= 1
