"""E-mail addresses as people write them (RFC 5322's dot-atoms, not its quoted or commented forms).

The masked form is the first character and `***@***`: enough to tell two rows apart, nothing to write to. Names that
look like an address and are none (units, packages, remotes, prompts) are told by how they are written.
"""

import re
from collections.abc import Iterator

from access.policy.entities import Entity
from proxy.masking.detector import Detector
from proxy.masking.detectors.at_names import is_a_name
from proxy.masking.edits import Edit

_EMAIL = Entity.EMAIL.value
_LOCAL = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-"
#: An "@" with a letter of either part beside it; of those in random bytes one in sixteen is.
_at_sign = re.compile(rb"@(?<=[%s]@)(?=[A-Za-z0-9])" % re.escape(_LOCAL))
#: RFC 5321, 4.5.3.1.
_LOCAL_MAX = 64
_DOMAIN_MAX = 255
#: Ends a key's last line; an address may follow it at once.
_ARMOUR = b"-----"
_domain = re.compile(
    rb"((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8})([a-z]{2,24}|[A-Z]{2,24}|[A-Z][a-z]{1,23})(?![A-Za-z0-9])"
)
#: "s3cret@db.internal" in a URL is a password and a host, and `password` sees to it.
_userinfo = re.compile(rb"://[^\x00-\x20/@]*:[^\x00-\x20/]*\Z")
_USERINFO_REACH = 192
_HIDDEN = b"***@***"

#: Random bytes hold "@" and letters around it. The shorter an address, the more its neighbours must look like text, so
#: that a binary file passes unharmed: measured in bench/masking.py.
_SELF_EVIDENT = 10
_LONG = 7
_TEXT = frozenset([*range(0x20, 0x7F), 0x09, 0x0A, 0x0D, 0x1B, 0x1E, 0x1F])
_BRACKETS = frozenset(b" \t\r\n\x1b\x1e\x1f\"'`<>()[]{},;:=|")
_BRACKETS_BUT_COLON = _BRACKETS - {0x3A}
#: What may follow the full stop behind an address: white space, or nothing.
_ENDS = (b"", b" ", b"\n", b"\r", b"\t", b"\x1e", b"\x1f")


def find_emails(data: bytes, start: int, _shown: int, replacement: bytes | None) -> Iterator[Edit]:
    """Addresses in data[start:]; none begins before `start`."""
    for sign in _at_sign.finditer(data, start):
        at = sign.start()
        before = data[max(start, at - _LOCAL_MAX) : at]
        local = before[len(before.rstrip(_LOCAL)) :].lstrip(b"-.+%")
        first = at - len(local.rpartition(_ARMOUR)[2])
        domain = _domain.match(data, at + 1, at + 1 + _DOMAIN_MAX) if first < at else None
        if (
            domain is not None
            and _looks_written(data, first, domain)
            and not _in_userinfo(data, first)
            and not is_a_name(data, first, at, domain.end())
        ):
            form = _HIDDEN if at - first < 2 else data[first : first + 1] + _HIDDEN
            yield Edit(first, domain.end(), form if replacement is None else replacement, _EMAIL)


def _in_userinfo(data: bytes, first: int) -> bool:
    if not first or data[first - 1] in _BRACKETS_BUT_COLON:
        return False
    return _userinfo.search(data, max(0, first - _USERINFO_REACH), first) is not None


def _looks_written(data: bytes, first: int, domain: "re.Match[bytes]") -> bool:
    weight = domain.end(1) - 2 - first
    if weight >= _SELF_EVIDENT:
        return True
    past = domain.end()
    if weight <= 2 and past - domain.end(1) < 3:
        return False
    neighbours = _TEXT if weight >= _LONG else _BRACKETS
    if first and data[first - 1] not in neighbours:
        return False
    return (
        past == len(data) or data[past] in neighbours or (data[past] in b".!?/" and data[past + 1 : past + 2] in _ENDS)
    )


DETECTOR = Detector(
    Entity.EMAIL,
    find_emails,
    hint="@",
    hint_is_common=True,
    # A prompt in brackets, which tells only behind its blank that it is one.
    unfinished=r"\[[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+ [!-\\^-~]*\]?",
)
