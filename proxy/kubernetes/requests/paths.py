"""Targets of HTTP requests: which cluster is meant, and its path in the one spelling that is judged and sent. Pure.

RFC 9112, 3.2.1: the origin form, `/RESOURCE/api/v1/pods?watch=1`. Its first segment is the door, the rest the API's own
path (https://kubernetes.io/docs/reference/using-api/api-concepts/). Servers and proxies disagree about dots, empty
segments, slashes behind a percent sign and parameters behind a semicolon (RFC 3986, 3.3 and 6.2.2), and no client of
Kubernetes needs them: they are refused. What clients do spell in two ways (`system:node`, `system%3Anode`) is made one.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from access.policy.shapes.base import NAME_PATTERN
from proxy.kubernetes.requests.unreadable import Unreadable

MAX_PATH_CHARACTERS: Final = 8 * 1024
MAX_QUERY_CHARACTERS: Final = 64 * 1024

#: RFC 3986, 3.3 `pchar` without the semicolon; in a query `/` and `?` too (3.4).
_PATH: Final = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,=:@%/]+")
_QUERY: Final = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,=:@%/?]*")
_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
#: Letters, digits, dots, dashes and underscores are never escaped by anybody who has nothing to hide.
_NEEDLESS_ESCAPE: Final = re.compile(r"%(?:3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|2[DdEe]|5[Ff])")
#: What may stand in a segment as it is (RFC 3986, `unreserved`, `sub-delims`, `:` and `@`); the rest is escaped.
_PLAIN: Final = "-._~!$&'()*+,=:@"
#: What ends a segment, a path or a segment's name for somebody, or is an escape once more: no name of Kubernetes' own
#: has them (k8s.io/apimachinery, IsPathSegmentName).
_PARTING: Final = frozenset("/\\;?#%")

_ADDRESS: Final = "Write it as /RESOURCE/api/..., or /ROLE@RESOURCE/api/..."


@dataclass(frozen=True)
class Target:
    """Where a request is for: all of it as it was judged, and as it is to be sent."""

    resource: str
    #: None: the address names none.
    role: str | None
    #: The API's path: it begins with a slash, and is spelled in the one way.
    path: str
    #: Without the question mark, as it came: proxy.kubernetes.requests.queries reads it.
    query: str = ""

    @property
    def door(self) -> str:
        """The first segment, as people write it."""
        return self.resource if self.role is None else f"{self.role}@{self.resource}"

    @property
    def sent(self) -> str:
        """What the API server is asked."""
        return f"{self.path}?{self.query}" if self.query else self.path


def split(target: str) -> Target:
    """Takes a request's target apart; raises Unreadable for what is not read in one way by everybody."""
    path, _, query = target.partition("?")
    if len(path) > MAX_PATH_CHARACTERS or len(query) > MAX_QUERY_CHARACTERS:
        raise Unreadable("The address is too long. Ask for less in one request.")
    _check(path, query)
    door, *segments = path[1:].split("/")
    role, resource = _door(door)
    return Target(resource, role, canonical("/" + "/".join(segments)), query)


def canonical(path: str) -> str:
    """A path in the one spelling; raises Unreadable as `split` does."""
    return "/" + "/".join(quote(each, safe=_PLAIN) for each in segments(path))


def segments(path: str) -> list[str]:
    """The segments of a path behind its first slash, read; the last is empty if the path ends in a slash."""
    _check(path, "")
    first, *rest = path[1:].split("/")
    if "" in [first, *rest][:-1]:
        raise Unreadable("The address has an empty segment (//). Write it with single slashes.")
    return [_read(each) for each in (first, *rest)]


def _check(path: str, query: str) -> None:
    if not path.startswith("/"):
        raise Unreadable(f"The address does not begin with a slash. {_ADDRESS}")
    for text, allowed, what in ((path, _PATH, "address"), (query, _QUERY, "query of the address")):
        if not allowed.fullmatch(text):
            raise Unreadable(f"The {what} has a character that does not belong there: {_first_other(text, allowed)}.")
        if _BROKEN_ESCAPE.search(text):
            raise Unreadable(f"The {what} has a percent sign that two hexadecimal digits do not follow. Write %25.")


def _first_other(text: str, allowed: re.Pattern[str]) -> str:
    """The character that is at fault, as a code with which it can be escaped."""
    other = next(each for each in text if not allowed.fullmatch(each))
    return f"{other} (U+{ord(other):04X})" if "!" <= other <= "~" else f"U+{ord(other):04X}"


def _read(segment: str) -> str:
    """One segment without its escapes."""
    if (needless := _NEEDLESS_ESCAPE.search(segment)) is not None:
        raise Unreadable(f"The address escapes a letter, digit, dot or dash ({needless[0]}). Write it as it is.")
    try:
        read = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        raise Unreadable("The address has escapes that are not UTF-8. Write names in UTF-8.") from None
    if read in {".", ".."}:
        raise Unreadable("The address has a segment of dots. Write the address that it comes to.")
    if not read.isprintable() or _PARTING & set(read):
        raise Unreadable("The address has an escaped slash, percent sign or other character that no name has.")
    return read


def _door(segment: str) -> tuple[str | None, str]:
    read = re.sub("%40", "@", segment)
    role, at, resource = read.rpartition("@")
    if not re.fullmatch(NAME_PATTERN, resource) or (at and not re.fullmatch(NAME_PATTERN, role)):
        raise Unreadable(f"The address names no cluster. {_ADDRESS}")
    return (role if at else None), resource
