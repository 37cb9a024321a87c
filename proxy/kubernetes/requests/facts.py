"""What rules are asked about a request to an API server, and the line in which people read it. Pure.

The words are those of `kubectl` and of RBAC (https://kubernetes.io/docs/reference/access-authn-authz/rbac/), with two
differences. exec, attach and portforward are `verb:create` by whichever method they are asked for: clients take POST or
GET, and a rule that lets people read is not to open a shell. And a proxied object is named without the scheme and port
(`https:web:8443`) that an address may say. Bodies are not read here: whoever reads one replaces the name in the info.
"""

import shlex
from typing import Final

from access.policy.labels import ANY_NAME, ANY_NAMESPACE, KubernetesLabel
from access.visible import visible_line
from proxy.kubernetes.requests.asked import proxied
from proxy.kubernetes.requests.info import RequestInfo
from proxy.kubernetes.requests.scopes import is_cluster_scoped
from proxy.statements import StatementFacts

MAX_TEXT_CHARACTERS: Final = 1_000
#: The kind of what asks for no object.
OTHER: Final = "request"

_OPENED: Final = frozenset({"exec", "attach", "portforward"})
_CUT: Final = "The request is longer than what is shown of it."


def facts_of(info: RequestInfo) -> StatementFacts:
    """The labels and the line of one request; a line that had to be cut is `unreviewable`.

    So is, to whoever puts it to people, a request whose body or whose query to a proxied object they are not shown. Of
    a deletion, `info` is that of `deletions.with_options`. Raises Unreadable for a proxied object whose name is none.
    """
    text = visible_line(_text(info) + (" (dry run)" if info.dry_run else ""))
    is_cut = len(text) > MAX_TEXT_CHARACTERS
    return StatementFacts(
        text=text[: MAX_TEXT_CHARACTERS - 1] + "…" if is_cut else text,
        kind=_verb(info) if info.is_resource else OTHER,
        labels=frozenset(_labels(info)),
        unreviewable=_CUT if is_cut else "",
    )


def _verb(info: RequestInfo) -> str:
    return "create" if info.is_resource and info.subresource in _OPENED else info.verb


def _labels(info: RequestInfo) -> set[str]:
    labels = {KubernetesLabel.REQUEST.value, f"verb:{_verb(info)}"}
    if not info.is_resource:
        return labels | {f"path:{info.path}"}
    labels |= {f"resource:{_kind(info)}", _name(info)}
    if info.subresource:
        labels.add(f"subresource:{info.subresource}")
    if (namespace := _namespace(info)) is not None:
        labels.add(namespace)
    if info.is_tunnel:
        labels.add(KubernetesLabel.TUNNEL.value)
    if info.dry_run:
        labels.add(KubernetesLabel.DRY_RUN.value)
    return labels


def _kind(info: RequestInfo) -> str:
    return f"{info.group}/{info.resource}" if info.group else info.resource


def _name(info: RequestInfo) -> str:
    target = proxied(info)
    name = info.name if target is None else target.name
    return f"name:{name}" if name else ANY_NAME


def _namespace(info: RequestInfo) -> str | None:
    if _is_of_namespaces(info):
        return f"namespace:{info.name}" if info.name else ANY_NAMESPACE
    if info.namespace:
        return f"namespace:{info.namespace}"
    return None if is_cluster_scoped(info.group, info.resource) else ANY_NAMESPACE


def _is_of_namespaces(info: RequestInfo) -> bool:
    return (info.group, info.resource) == ("", "namespaces")


def _text(info: RequestInfo) -> str:
    if not info.is_resource:
        return f"{info.method} {shlex.quote(info.path)}"
    kind = "/".join(filter(None, (_kind(info), info.subresource)))
    return " ".join([_verb(info), *map(shlex.quote, [kind, *_words(info)])])


def _words(info: RequestInfo) -> list[str]:
    """The line behind the kind of object, as `kubectl` would take it."""
    words = [info.name] if info.name else []
    if (beyond := _beyond(info)) is not None:
        words.append(beyond)
    if not _is_of_namespaces(info):
        if info.namespace:
            words += ["-n", info.namespace]
        elif not is_cluster_scoped(info.group, info.resource):
            words.append("-A")
    if info.label_selector:
        words += ["-l", info.label_selector]
    if info.field_selector:
        words += ["--field-selector", info.field_selector]
    return words


def _beyond(info: RequestInfo) -> str | None:
    """The path that a proxied object is asked for, or what else stands behind a subresource."""
    if (target := proxied(info)) is not None:
        return target.path or None
    return "/".join(info.parts[3:]) or None
