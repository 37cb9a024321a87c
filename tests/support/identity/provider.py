"""An OpenID provider on loopback: as much of it as a relying party's server talks to, and what it may do wrong."""

import asyncio
import base64
import contextlib
import hashlib
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from aiohttp import web

from support.identity.issuers import CLIENT, NONCE, Issuer, rsa_key

SECRET = "s3cret: with %, + and ü"


@dataclass
class StandIn:
    """Answers code exchanges with whatever it is told to sign, and counts what it was asked."""

    signer: Issuer
    #: Code -> the challenge and the claims that it was given for; each works once.
    codes: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict[str, tuple[str, dict[str, Any]]])
    asked: dict[str, int] = field(default_factory=dict[str, int])
    #: Path -> what it answers instead.
    instead: dict[str, web.Response] = field(default_factory=dict[str, web.Response])
    #: Answers nothing while it is set.
    hangs: bool = False
    public: bool = False
    #: Changes what it says of itself.
    describes: dict[str, Any] = field(default_factory=dict[str, Any])

    def code(self, verifier: str, **claims: Any) -> str:
        """A code for somebody who signed in, as the browser would bring it."""
        now = int(time.time())
        said = {"iss": self.signer.issuer, "sub": "u1", "aud": CLIENT, "nonce": NONCE, "iat": now, "exp": now + 300}
        digest = hashlib.sha256(verifier.encode()).digest()
        code = f"code-{len(self.codes)}"
        self.codes[code] = (base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), {**said, **claims})
        return code

    async def handle(self, request: web.Request) -> web.Response:
        self.asked[request.path] = self.asked.get(request.path, 0) + 1
        while self.hangs:
            await asyncio.sleep(0.01)
        if request.path in self.instead:
            return self.instead.pop(request.path)
        match request.path:
            case "/.well-known/openid-configuration":
                return web.json_response({**self._described(), **self.describes})
            case "/keys":
                return web.json_response(self.signer.key_set())
            case "/token":
                return self._exchanged(await request.post(), request.headers.get("Authorization"))
            case _:
                return web.Response(status=404)

    def _described(self) -> dict[str, Any]:
        issuer = self.signer.issuer
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return {"issuer": issuer, **{name: f"{issuer}/{path}" for name, path in places.items()}}

    def _exchanged(self, form: Any, authorization: str | None) -> web.Response:
        known = form.get("client_id") == CLIENT if self.public else _says_who(authorization)
        if not known:
            return web.json_response({"error": "invalid_client"}, status=401)
        challenge, claims = self.codes.pop(form["code"], ("", {}))
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != challenge:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"id_token": self.signer.sign(claims), "access_token": "opaque"})


def _says_who(authorization: str | None) -> bool:
    encoded = (authorization or "").removeprefix("Basic ")
    login, _, password = base64.b64decode(encoded).decode().partition(":")
    return (unquote_plus(login), unquote_plus(password)) == (CLIENT, SECRET)


@contextlib.asynccontextmanager
async def provider() -> AsyncGenerator[StandIn]:
    """One that listens on a free port, and is its own issuer."""
    signer = Issuer("", key=rsa_key("k1"))
    stand_in = StandIn(signer)
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", stand_in.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        signer.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield stand_in
    finally:
        stand_in.hangs = False
        await runner.cleanup()
