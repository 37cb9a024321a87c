"""Signing in by this machine's browser: it opens the server's page, and brings the code to a port of ours (RFC 8252).

The port is on 127.0.0.1, lives for the sign-in alone, and takes one answer: the one with our state.
"""

import http.server
import sys
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs, urlsplit

from client.api import Api, Json
from client.errors import SIGNED_OUT, Failed
from client.login import browsers
from client.login.pkce import Attempt

#: A sign-in that takes longer is begun again.
PATIENCE_S: Final = 300.0
_PAGE: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<title>Gatepass</title><body><main><h1>{title}</h1><p>{text}</p></main></body></html>"""


def signed_in(api: Api, device: str) -> Json:
    """The server's answer, with the secret in it. Raises Failed."""
    attempt = Attempt.begin()
    with _Port(attempt.state) as port:
        address = attempt.address(api.server.origin, port.uri, device)
        print(f"Sign in in your browser. If it does not open:\n    {address}", file=sys.stderr)
        browsers.show(address)
        code = port.code()
    return api.post_form(
        "/api/token",
        {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": attempt.verifier,
            "redirect_uri": port.uri,
        },
    )


class _Port(http.server.HTTPServer):
    """Listens while its block is entered."""

    def __init__(self, state: str) -> None:
        self.state = state
        self.found: str | None = None
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def code(self) -> str:
        """Raises Failed when none comes in time."""
        until = time.monotonic() + PATIENCE_S
        while self.found is None:
            self.timeout = max(0.0, until - time.monotonic())
            if not self.timeout:
                raise Failed("Nobody signed in within five minutes. Run `gatepass login` again.", SIGNED_OUT)
            self.handle_request()
        return self.found


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Port  # pyright: ignore[reportIncompatibleVariableOverride]
    #: Whoever connects and says nothing does not stop the sign-in for long.
    timeout = 5.0

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        code, state = query.get("code", [""])[0], query.get("state", [""])[0]
        if urlsplit(self.path).path != "/" or state != self.server.state or not code:
            self._answer(400, "That is not the sign-in", "It is another one's answer, or none. Look at the terminal.")
            return
        self.server.found = code
        self._answer(200, "Signed in", "Go back to the terminal. You can close this page.")

    def _answer(self, status: int, title: str, text: str) -> None:
        body = _PAGE.format(title=title, text=text).encode()
        self.send_response(status)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
            ("Connection", "close"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    log_message: Callable[..., None] = lambda *_: None  # pyright: ignore[reportIncompatibleMethodOverride]
