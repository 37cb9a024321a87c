"""What is asked of a pod, service or node beside its object: exec, attach, portforward, log, proxy. Pure.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/: PodExecOptions, PodAttachOptions,
PodPortForwardOptions, PodLogOptions, as k8s.io/kubernetes, pkg/apis/core/v1/zz_generated.conversion.go takes them from
a query. Flags, and what else may stand once, are refused when they stand twice (proxy.kubernetes.requests.queries).
"""

import re
from dataclasses import dataclass
from typing import Final

from proxy.kubernetes.requests.info import RequestInfo
from proxy.kubernetes.requests.queries import Query
from proxy.kubernetes.requests.unreadable import Unreadable

MAX_PORTS: Final = 64

_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
_HIGHEST_PORT: Final = 65_535
_SCHEMES: Final = frozenset({"", "http", "https"})
_LOG_STREAMS: Final = frozenset({"All", "Stdout", "Stderr"})


@dataclass(frozen=True)
class Exec:
    """A program in a container. With `tty` the kubelet opens no stderr, whatever is asked."""

    argv: tuple[str, ...]
    #: None: the pod's default container, which only the server knows.
    container: str | None
    stdin: bool
    stdout: bool
    stderr: bool
    tty: bool


@dataclass(frozen=True)
class Attach:
    """The streams of the program that a container runs already."""

    container: str | None
    stdin: bool
    stdout: bool
    stderr: bool
    tty: bool


@dataclass(frozen=True)
class PortForward:
    """Connections to ports of a pod. Most clients name them per stream, and none here."""

    ports: tuple[int, ...] = ()


@dataclass(frozen=True)
class Log:
    """What a container has written."""

    container: str | None = None
    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    since_seconds: int | None = None
    #: RFC 3339, as it was given.
    since_time: str | None = None
    tail_lines: int | None = None
    limit_bytes: int | None = None
    #: All, Stdout or Stderr; None: not said.
    stream: str | None = None
    #: The server is not to check the kubelet's certificate: what it answers may be anybody's.
    is_unproven: bool = False


@dataclass(frozen=True)
class Proxied:
    """What an object's own HTTP server is asked for, through the API server."""

    #: http, https, or "" for the server's choice
    scheme: str
    name: str
    #: A number, the name of one, or "" for the server's choice.
    port: str
    #: Begins with a slash; "" if the address ends before it.
    path: str


def exec_of(query: Query) -> Exec:
    """Raises Unreadable without a command or a stream, which a server refuses, and for flags that are not plain."""
    argv = query.every("command")
    if not argv or not argv[0]:
        raise Unreadable("The request runs no command. Name one: kubectl exec POD -- COMMAND.")
    streams = _streams(query)
    return Exec(argv, streams.container, streams.stdin, streams.stdout, streams.stderr, streams.tty)


def attach_of(query: Query) -> Attach:
    """Raises Unreadable without a stream, and for flags that are not plain."""
    return _streams(query)


def _streams(query: Query) -> Attach:
    found = Attach(
        container=query.one("container") or None,
        stdin=query.flag("stdin"),
        stdout=query.flag("stdout"),
        stderr=query.flag("stderr"),
        tty=query.flag("tty"),
    )
    if not (found.stdin or found.stdout or found.stderr):
        raise Unreadable("The request asks for no stream. Ask for stdin, stdout or stderr.")
    return found


def port_forward_of(query: Query) -> PortForward:
    """Raises Unreadable for what is no port; `ports=80&ports=81` and `ports=80,81` are the same."""
    given = [each for value in query.every("ports") for each in value.split(",")]
    if len(given) > MAX_PORTS:
        raise Unreadable(f"The request forwards more than {MAX_PORTS} ports. Forward fewer at once.")
    return PortForward(tuple(map(port, given)))


def port(given: str) -> int:
    """A port's number, written plainly; raises Unreadable for anything else. Streams name theirs so, too."""
    if not _PORT.fullmatch(given) or int(given) > _HIGHEST_PORT:
        raise Unreadable("The request forwards a port that is none. Write a number from 1 to 65535.")
    return int(given)


def log_of(query: Query) -> Log:
    """Raises Unreadable for numbers, flags and streams that are not plain."""
    stream = query.one("stream")
    if stream is not None and stream not in _LOG_STREAMS:
        raise Unreadable("The parameter stream is none of All, Stdout and Stderr. Write one of them, or leave it out.")
    return Log(
        container=query.one("container") or None,
        follow=query.flag("follow"),
        previous=query.flag("previous"),
        timestamps=query.flag("timestamps"),
        since_seconds=query.number("sinceSeconds"),
        since_time=query.one("sinceTime"),
        tail_lines=query.number("tailLines"),
        limit_bytes=query.number("limitBytes"),
        stream=stream,
        is_unproven=query.flag("insecureSkipTLSVerifyBackend"),
    )


def proxied(info: RequestInfo) -> Proxied | None:
    """What a request to a `proxy` is for; None for any other. Raises Unreadable for a name that is none.

    The object is NAME, NAME:PORT or SCHEME:NAME:PORT (k8s.io/apimachinery, pkg/util/net/port_split.go). The query goes
    to the object's server as it is; a parameter `path` has no meaning (endpoints/handlers/get.go, getRequestOptions).
    """
    is_old = info.is_resource and info.verb == "proxy"
    if not is_old and not (info.is_resource and info.subresource == "proxy"):
        return None
    first, *rest = info.name.split(":")
    if len(rest) == 2:
        scheme, name, port_ = first, *rest
    else:
        scheme, name, port_ = "", first, ":".join(rest)
    if len(rest) > 2 or not name or scheme not in _SCHEMES:
        raise Unreadable("The address proxies to what is no name. Write NAME, NAME:PORT or SCHEME:NAME:PORT.")
    beyond = info.parts[2:] if is_old else info.parts[3:]
    path = "".join(f"/{each}" for each in beyond)
    return Proxied(scheme, name, port_, path + "/" if info.path.endswith("/") else path)
