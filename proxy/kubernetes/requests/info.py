"""What a request asks of an API server: verb, kind of object, namespace, name; by Kubernetes' own rules. Pure.

https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb, in the words of
k8s.io/apiserver, pkg/endpoints/request/requestinfo.go, which the server's own authorization goes by. Where this one
refuses, that one guesses: nothing is read here that the server reads otherwise.
"""

from dataclasses import dataclass, replace
from typing import Final

from proxy.kubernetes.requests import paths, queries, selectors
from proxy.kubernetes.requests.queries import Query
from proxy.kubernetes.requests.unreadable import Unreadable

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: The verbs with which a server deletes.
DELETING: Final = frozenset({"delete", "deletecollection"})
#: Parts of pods, services and nodes by which a connection into the cluster is opened (`connect` in the API's words).
TUNNELS: Final = frozenset({"exec", "attach", "portforward", "proxy"})

_VERBS: Final = {
    "GET": "get",
    "HEAD": "get",
    "POST": "create",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_PREFIXES: Final = frozenset({"api", "apis"})
_GROUPLESS: Final = "api"
#: `/api/v1/watch/pods` and `/api/v1/proxy/nodes/n`: verbs as segments, older than the parameters of today.
_IN_PATH: Final = frozenset({"proxy", "watch"})
#: Behind `/namespaces/NAME` they are parts of the namespace; anything else is in it.
_OF_NAMESPACES: Final = frozenset({"status", "finalize"})
_SELECTING: Final = frozenset({"list", "watch", "deletecollection"})
#: `dryRun` is heeded by what writes to storage; a token is issued all the same (registry/core/serviceaccount/storage).
_WRITING: Final = frozenset({"create", "update", "patch"})
_ISSUED: Final = ("", "serviceaccounts", "token")


@dataclass(frozen=True)
class RequestInfo:
    """One request as its API server reads it. What a kind of request has not is empty."""

    is_resource: bool
    #: get, list, watch, create, update, patch, delete, deletecollection, proxy of old; or the method in lower case.
    verb: str
    #: The whole path, read.
    path: str
    method: str
    #: api or apis
    prefix: str = ""
    #: "" is the core group: pods, services …
    group: str = ""
    version: str = ""
    namespace: str = ""
    #: The plural, as in the path: pods, deployments.
    resource: str = ""
    subresource: str = ""
    name: str = ""
    #: From the resource on: ("pods", "web", "proxy", "metrics").
    parts: tuple[str, ...] = ()
    label_selector: str = ""
    field_selector: str = ""
    #: Nothing is changed. Of what deletes only proxy.kubernetes.requests.deletions knows it.
    dry_run: bool = False

    @property
    def is_tunnel(self) -> bool:
        """A connection into the cluster is opened."""
        return self.verb == "proxy" or (self.is_resource and self.subresource in TUNNELS)


def info_of(method: str, path: str, query: str = "") -> RequestInfo:
    """Reads a request by its method, and its path and query as `paths.split` gives them.

    Raises Unreadable for what a server refuses or reads in a way that is not plain.
    """
    if method not in METHODS:
        raise Unreadable(f"The method is none of {', '.join(sorted(METHODS))}, which are those of Kubernetes' API.")
    parts = _parts(path)
    read = "/" + "/".join(paths.segments(path))
    if len(parts) < 3 or parts[0] not in _PREFIXES or (parts[0] != _GROUPLESS and len(parts) < 4):
        return RequestInfo(is_resource=False, verb=method.lower(), path=read, method=method)
    group, version, *beyond = ["", *parts[1:]] if parts[0] == _GROUPLESS else parts[1:]
    verb, behind, in_path = _verb(method, beyond)
    namespace, rest = _namespace(behind)
    info = RequestInfo(
        is_resource=True,
        verb=verb,
        path=read,
        method=method,
        prefix=parts[0],
        group=group,
        version=version,
        namespace=namespace,
        resource=rest[0],
        name=rest[1] if len(rest) > 1 else "",
        subresource=rest[2] if len(rest) > 2 and verb != "proxy" else "",
        parts=tuple(rest),
    )
    return _with_parameters(info, queries.read(query), in_path=in_path)


def _parts(path: str) -> list[str]:
    """Segments without the empty one that a slash at the end leaves."""
    found = paths.segments(path)
    return found[:-1] if not found[-1] else found


def _verb(method: str, rest: list[str]) -> tuple[str, list[str], bool]:
    """The verb of the method or of the path, what is left of the path, and whether it was the path's."""
    if rest[0] not in _IN_PATH:
        if method not in _VERBS:
            raise Unreadable(f"{method} of an object means nothing in Kubernetes' API. Ask with GET.")
        return _VERBS[method], rest, False
    if len(rest) < 2:
        raise Unreadable(f"The address says {rest[0]} and not of what. Name a kind of object behind it.")
    if rest[0] == "watch" and method not in {"GET", "HEAD"}:
        raise Unreadable(f"{method} of an address that watches means nothing in Kubernetes' API. Ask with GET.")
    return rest[0], rest[1:], True


def _namespace(rest: list[str]) -> tuple[str, list[str]]:
    """The namespace, and the path from the kind of object on."""
    if rest[0] != "namespaces" or len(rest) < 2:
        return "", rest
    return rest[1], rest[2:] if len(rest) > 2 and rest[2] not in _OF_NAMESPACES else rest


def _with_parameters(info: RequestInfo, query: Query, *, in_path: bool) -> RequestInfo:
    verb, name, fields, labels = info.verb, info.name, "", ""
    if not name and verb == "get":
        # A server that cannot read one of them goes on without any, and answers with an error in the end.
        query.number("limit")
        query.number("timeoutSeconds")
        verb = "watch" if query.flag("watch") else "list"
        name = selectors.name_of(query.one("fieldSelector"))
    elif not name and verb == "delete":
        verb = "deletecollection"
    if not in_path and verb in _SELECTING:
        fields, labels = query.one("fieldSelector") or "", query.one("labelSelector") or ""
    dry = _is_dry(info, query)
    return replace(info, verb=verb, name=name, field_selector=fields, label_selector=labels, dry_run=dry)


def _is_dry(info: RequestInfo, query: Query) -> bool:
    if info.verb not in _WRITING or info.is_tunnel:
        return False
    return is_all(query.every("dryRun")) and (info.group, info.resource, info.subresource) != _ISSUED


def is_all(values: tuple[str, ...]) -> bool:
    """Whether these are the values of `dryRun` that mean a dry run; raises Unreadable for those that mean nothing."""
    if values and values != ("All",):
        raise Unreadable("The parameter dryRun has one value, All. Write dryRun=All, or leave it out.")
    return bool(values)
