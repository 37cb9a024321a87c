"""The server's API over one connection: JSON in, JSON out, and a sentence for whatever goes wrong on the way."""

import http.client
import json
import ssl
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from client.errors import REFUSED, SIGNED_OUT, UNAVAILABLE, UNTRUSTED, Failed
from client.kept.servers import Server, is_loopback

Json = dict[str, Any]

#: Longer than the server lets anybody wait.
TIMEOUT_S: Final = 40.0
_MOST_BYTES: Final = 4 * 1024 * 1024
_STATUSES: Final = {"signed_out": SIGNED_OUT, "unavailable": UNAVAILABLE, "stale": UNAVAILABLE, "failed": UNAVAILABLE}


class Refused(Failed):
    """The server said no: `word` says why to programs, the message to people."""

    def __init__(self, word: str, message: str, answer: Json) -> None:
        super().__init__(message, _STATUSES.get(word, REFUSED))
        self.word = word
        self.answer = answer


class Api:
    """One server, as one sign-in or as nobody."""

    def __init__(self, server: Server, secret: str | None = None, context: ssl.SSLContext | None = None) -> None:
        self.server = server
        self._secret = secret
        self._context = context
        self._connection: http.client.HTTPConnection | None = None

    def get(self, path: str) -> Json:
        """Raises Failed, Refused."""
        return self._json("GET", path, None, {})

    def post(self, path: str, body: Json | None = None) -> Json:
        """Raises Failed, Refused."""
        return self._json("POST", path, json.dumps(body or {}).encode(), {"Content-Type": "application/json"})

    def post_form(self, path: str, form: dict[str, str]) -> Json:
        """As OAuth's endpoints are asked. Raises Failed, Refused."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._json("POST", path, urlencode(form).encode(), headers)

    def text(self, path: str) -> str:
        """What is no JSON. Raises Failed."""
        status, data = self._ask("GET", path, None, {})
        if status != 200:
            raise self._stranger()
        return data.decode("ascii", "replace")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _json(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Json:
        status, data = self._ask(method, path, body, headers)
        try:
            answer = json.loads(data)
        except ValueError as error:
            raise self._stranger() from error
        if not isinstance(answer, dict):
            raise self._stranger()
        if status >= 400:
            said: Json = answer
            raise Refused(str(said.get("error", "refused")), str(said.get("message", "It was refused.")), said)
        return answer

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        if self._secret is not None:
            headers = {**headers, "Authorization": f"Bearer {self._secret}"}
        is_kept = self._connection is not None
        try:
            return self._once(method, path, body, headers)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
            self.close()
            # A connection that was kept may have been closed meanwhile; what changes something is not said twice.
            if not is_kept or method != "GET":
                raise self._away(error) from error
        except ssl.SSLCertVerificationError as error:
            self.close()
            raise self._untrusted(error) from error
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise self._away(error) from error
        try:
            return self._once(method, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise self._away(error) from error

    def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = self._connect()
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read(_MOST_BYTES)

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.server.origin)
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        context = self._context or trusting(self.server.ca)
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context)

    def _away(self, error: Exception) -> Failed:
        origin = self.server.origin
        if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
            plain = origin.replace("https://", "http://", 1)
            perhaps = f" A Gatepass of this machine may be at {plain}." if is_loopback(origin) else ""
            return Failed(
                f"What answers at {origin} speaks no TLS that we know. Is it the right port?{perhaps}", UNAVAILABLE
            )
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Failed(
            f"{self.server.origin} cannot be reached ({why}). Is it the right address, and are you on its network?",
            UNAVAILABLE,
        )

    def _untrusted(self, error: ssl.SSLCertVerificationError) -> Failed:
        by = "the authority that was kept for it" if self.server.ca is not None else "anybody whom this system trusts"
        return Failed(
            f"{self.server.origin} shows a certificate that is not vouched for by {by} ({error.verify_message}). "
            f"Nothing was sent to it. If your operator says that it changed: `gatepass login {self.server.origin} "
            "--ca-fingerprint SHA256:…`.",
            UNTRUSTED,
        )

    def _stranger(self) -> Failed:
        return Failed(f"What answers at {self.server.origin} is no Gatepass with an API. Ask your operator.", UNTRUSTED)


def trusting(ca: str | None) -> ssl.SSLContext:
    """TLS that verifies the server: by this authority alone, or by whom the system trusts. Raises Failed."""
    if ca is None:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cadata=ca)
    except (ssl.SSLError, ValueError) as error:
        raise Failed("The certificate authority that was given is no certificate in PEM.", UNTRUSTED) from error
    return context
