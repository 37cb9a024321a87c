"""What is asked of pods, as their API server takes it from a query."""

import pytest

from proxy.kubernetes.requests import asked, queries
from proxy.kubernetes.requests.asked import Attach, Exec, Log, PortForward, Proxied
from proxy.kubernetes.requests.info import info_of
from proxy.kubernetes.requests.unreadable import Unreadable


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("command=sh&stdout=true", Exec(("sh",), None, False, True, False, False)),
        (
            "command=sh&command=-c&command=echo+%22%24x%22%0Als&container=app&stdin=true&stdout=true&tty=true",
            Exec(("sh", "-c", 'echo "$x"\nls'), "app", True, True, False, True),
        ),
        ("stderr=1&command=b&stdout=False&command=a", Exec(("b", "a"), None, False, False, True, False)),
        ("command=a&command=&command=b&stdin&container=", Exec(("a", "", "b"), None, True, False, False, False)),
        ("command=a%26command%3Db&stdout=1&Command=x&tty=0", Exec(("a&command=b",), None, False, True, False, False)),
    ],
)
def test_exec(query: str, found: Exec) -> None:
    assert asked.exec_of(queries.read(query)) == found


@pytest.mark.parametrize(
    "query",
    [
        "",
        "stdout=1",
        "command=&stdout=1",
        "command=sh",
        "command=sh&stdout=false",
        "command=sh&stdout=1&stdout=0",
        "command=sh&stdout=1&stdout=1",
        "command=sh&stdout=yes",
        "command=sh&stdin=off",
        "command=sh&stdout=1&container=a&container=b",
        "command=sh&stdout=1&tty=true&tty=false",
        "Command=sh&stdout=1",
    ],
)
def test_exec_that_is_refused(query: str) -> None:
    with pytest.raises(Unreadable, match=r"\.$"):
        asked.exec_of(queries.read(query))


def test_attach() -> None:
    assert asked.attach_of(queries.read("container=c&stdin=1&stdout=1&tty=1")) == Attach("c", True, True, False, True)
    for query in ("", "tty=1", "stdout=1&stdout=1"):
        with pytest.raises(Unreadable):
            asked.attach_of(queries.read(query))


@pytest.mark.parametrize(
    ("query", "ports"),
    [("", ()), ("ports=80", (80,)), ("ports=80&ports=65535", (80, 65535)), ("ports=80,81&ports=1", (80, 81, 1))],
)
def test_port_forward(query: str, ports: tuple[int, ...]) -> None:
    assert asked.port_forward_of(queries.read(query)) == PortForward(ports)


@pytest.mark.parametrize(
    "query",
    [
        "ports=",
        "ports=0",
        "ports=65536",
        "ports=080",
        "ports=-1",
        "ports=%2B80",
        "ports=80,",
        "ports=+80",
        "ports=http",
        "ports=%D9%A1",
        "ports=80%0A",
        "&ports=1" * 65,
    ],
)
def test_ports_that_are_none(query: str) -> None:
    with pytest.raises(Unreadable, match="port"):
        asked.port_forward_of(queries.read(query))


def test_log() -> None:
    assert asked.log_of(queries.read("")) == Log()
    query = (
        "container=app&follow=true&previous=false&timestamps=1&sinceSeconds=60&sinceTime=2026-01-01T00%3A00%3A00Z"
        "&tailLines=10&limitBytes=1000&stream=Stderr&insecureSkipTLSVerifyBackend=true&pretty=true"
    )
    assert asked.log_of(queries.read(query)) == Log(
        container="app",
        follow=True,
        previous=False,
        timestamps=True,
        since_seconds=60,
        since_time="2026-01-01T00:00:00Z",
        tail_lines=10,
        limit_bytes=1000,
        stream="Stderr",
        is_unproven=True,
    )


@pytest.mark.parametrize(
    "query",
    ["follow=maybe", "follow=1&follow=0", "tailLines=all", "limitBytes=1&limitBytes=2", "stream=stdout", "stream="],
)
def test_logs_that_are_refused(query: str) -> None:
    with pytest.raises(Unreadable, match=r"\.$"):
        asked.log_of(queries.read(query))


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/api/v1/namespaces/n/pods/web/proxy", Proxied("", "web", "", "")),
        ("/api/v1/namespaces/n/pods/web/proxy/", Proxied("", "web", "", "/")),
        ("/api/v1/namespaces/n/pods/web:8080/proxy/a/b", Proxied("", "web", "8080", "/a/b")),
        ("/api/v1/namespaces/n/services/https:web:https/proxy/a/", Proxied("https", "web", "https", "/a/")),
        ("/api/v1/namespaces/n/services/:web:80/proxy/a", Proxied("", "web", "80", "/a")),
        ("/api/v1/namespaces/n/services/http:web:/proxy", Proxied("http", "web", "", "")),
        ("/api/v1/nodes/n1:10250/proxy/metrics", Proxied("", "n1", "10250", "/metrics")),
        ("/api/v1/proxy/nodes/n1/metrics", Proxied("", "n1", "", "/metrics")),
        ("/api/v1/proxy/namespaces/n/services/web:80", Proxied("", "web", "80", "")),
        ("/api/v1/namespaces/n/pods/web", None),
        ("/api/v1/namespaces/n/pods/web/log", None),
        ("/proxy/web", None),
    ],
)
def test_proxied(path: str, found: Proxied | None) -> None:
    assert asked.proxied(info_of("GET", path)) == found


@pytest.mark.parametrize("name", [":80", "http::80", "ftp:web:80", "HTTPS:web:80", "a:b:c:d", "http:web:80:1"])
def test_proxied_names_that_are_none(name: str) -> None:
    with pytest.raises(Unreadable, match="SCHEME:NAME:PORT"):
        asked.proxied(info_of("GET", f"/api/v1/namespaces/n/services/{name}/proxy/"))
