"""Field selectors: which one name a list or a watch is narrowed to, as an API server finds out. Pure.

https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/; the grammar is that of
k8s.io/apimachinery, pkg/fields/selector.go: terms between commas, `=`, `==` or `!=`, a backslash before `\\`, `,`, `=`.
"""

import re
from typing import Final

from proxy.kubernetes.requests.unreadable import Unreadable

_NAME: Final = "metadata.name"
#: A term: what is not a comma, or anything behind a backslash.
_TERM: Final = re.compile(r"(?:\\.|[^\\,])+|\\$", re.DOTALL)
_COMPARED: Final = re.compile(r"(.*?)(!=|==|=)(.*)", re.DOTALL)
_VALUE: Final = re.compile(r"(?:\\[\\,=]|[^\\,=])*", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\([\\,=])")

_HOW: Final = "Write it as metadata.name=NAME."


def name_of(selector: str | None) -> str:
    """The name that a list is narrowed to; "" for none. Raises Unreadable for a selector that a server refuses, too."""
    names = {value for field, compared, value in _terms(selector or "") if field == _NAME and compared != "!="}
    if len(names) > 1:
        raise Unreadable(f"The field selector asks for two names at once. {_HOW}")
    name = names.pop() if names else ""
    return "" if name in {".", ".."} or "/" in name or "%" in name else name


def _terms(selector: str) -> list[tuple[str, str, str]]:
    return [_term(found[0]) for found in _TERM.finditer(selector)]


def _term(term: str) -> tuple[str, str, str]:
    compared = _COMPARED.fullmatch(term)
    if compared is None or not _VALUE.fullmatch(compared[3]):
        raise Unreadable(f"The field selector cannot be read. {_HOW}")
    return compared[1], compared[2], _ESCAPED.sub(r"\1", compared[3])
