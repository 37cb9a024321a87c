"""What the command says of servers that answer otherwise than the API does, on a port of this machine."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from client.api import Api, Refused
from client.errors import REFUSED, SIGNED_OUT, UNAVAILABLE, UNTRUSTED, Failed
from client.kept.servers import known


@contextmanager
def answering(*answers: bytes) -> Iterator[int]:
    """A port that says one of these to each connection in turn, whatever it is asked, and hangs up."""
    left = list(answers)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65_536)
            self.request.sendall(left.pop(0) if left else b"")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        served = threading.Thread(target=server.serve_forever)
        served.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            served.join()


def http(status: str, body: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def ask(port: int, scheme: str = "http") -> None:
    with closing(Api(known(f"{scheme}://localhost:{port}"))) as api:
        api.get("/api/me")


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (http("401 Unauthorized", '{"error": "signed_out", "message": "Sign in."}'), SIGNED_OUT, "Sign in."),
        (http("409 Conflict", '{"error": "taken", "message": "It is taken."}'), REFUSED, "It is taken."),
        (http("403 Forbidden", "{}"), REFUSED, "It was refused."),
    ],
)
def test_a_no_is_told_in_the_servers_words(answer: bytes, status: int, words: str) -> None:
    with answering(answer) as port, pytest.raises(Refused, match=words) as refused:
        ask(port)
    assert refused.value.status == status


@pytest.mark.parametrize("body", ["<html>", "[]", "42"])
def test_what_is_no_api_is_said_to_be_none(body: str) -> None:
    with answering(http("200 OK", body)) as port, pytest.raises(Failed, match="is no Gatepass") as failed:
        ask(port)
    assert failed.value.status == UNTRUSTED


def test_a_port_that_speaks_no_tls_names_the_address_that_may_be_meant() -> None:
    with answering(http("400 Bad Request", "")) as port, pytest.raises(Failed) as failed:
        ask(port, "https")
    assert failed.value.status == UNAVAILABLE
    assert "speaks no TLS" in str(failed.value)
    assert f"may be at http://localhost:{port}." in str(failed.value)


def test_a_server_that_hangs_up_is_not_reached() -> None:
    with answering(b"") as port, pytest.raises(Failed, match="cannot be reached"):
        ask(port)


def test_who_is_not_there_is_told_by_address() -> None:
    with answering() as port:
        pass
    with pytest.raises(Failed, match=f"http://localhost:{port} cannot be reached"):
        ask(port)
