"""The demo's OpenID provider: where its people sign in, by choosing who they are. For this machine alone.

It does what Gatepass asks of any provider, and no more: discovery, the code flow with PKCE, signed ID tokens, its keys,
and back-channel logout. Nobody proves anything to it, so it is for demos and tests.
"""

import base64
import contextlib
import hashlib
import secrets
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
import jinja2
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from access.identity.oidc.logout_token import EVENT

#: How long a code waits to be exchanged, and a token is valid.
CODE_S: Final = 60.0
TOKEN_S: Final = 300
_KEY_ID: Final = "demo"

_PAGE: Final = jinja2.Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{{ title }}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:420px;margin:10vh auto;padding:0 16px}
button{font:inherit;display:block;width:100%;min-height:44px;margin:8px 0;padding:8px 12px;text-align:left}
</style></head>
<body><main><h1>{{ title }}</h1><p>{{ text }}</p>
{% if people %}<form method="post">{% for name, value in hidden.items() %}
<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}
{% for each in people %}
<button name="as" value="{{ each.subject }}">{{ each.name }}, {{ each.email }}</button>{% endfor %}
</form>{% endif %}</main></body></html>""")


@dataclass(frozen=True)
class Account:
    """Somebody whom the provider knows."""

    subject: str
    name: str
    email: str
    email_verified: bool = True
    groups: Sequence[str] = ()


@dataclass(frozen=True)
class Client:
    """An application that people sign in to by this provider; public, so PKCE alone protects it."""

    client_id: str
    redirect_uris: Sequence[str]
    #: Where it is told that somebody signed out here; None: nowhere.
    logout_uri: str | None = None


@dataclass(frozen=True)
class _Code:
    account: Account
    #: The parameters that it was asked for with.
    asked: Mapping[str, str]
    session: str
    expires_at: float


@dataclass
class DemoProvider:
    """One provider, which is its own issuer once it listens."""

    title: str
    accounts: Sequence[Account]
    issuer: str = ""
    clients: dict[str, Client] = field(default_factory=dict[str, Client])
    #: What ID tokens have beside the usual claims.
    more_claims: dict[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._codes: dict[str, _Code] = {}
        #: The name of each session in tokens -> the subject whose it is.
        self._sessions: dict[str, str] = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/.well-known/openid-configuration", self._describe),
            web.get("/keys", self._keys),
            web.get("/authorize", self._ask),
            web.post("/authorize", self._chosen),
            web.post("/token", self._exchange),
        ]

    async def sign_out(self, subject: str) -> int:
        """End all sessions of `subject`, and tell every client so; returns how many took it."""
        for session in [session for session, whose in self._sessions.items() if whose == subject]:
            del self._sessions[session]
        took = 0
        async with aiohttp.ClientSession() as http:
            for client in self.clients.values():
                if client.logout_uri is None:
                    continue
                token = self._signed(client, {"sub": subject, "jti": secrets.token_hex(8), "events": {EVENT: {}}})
                async with http.post(client.logout_uri, data={"logout_token": token}) as answer:
                    took += answer.ok
        return took

    async def _describe(self, _: web.Request) -> web.Response:
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return web.json_response(
            {
                "issuer": self.issuer,
                **{name: f"{self.issuer}/{path}" for name, path in places.items()},
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none"],
                "authorization_response_iss_parameter_supported": True,
                "backchannel_logout_supported": True,
            }
        )

    async def _keys(self, _: web.Request) -> web.Response:
        jwk: dict[str, Any] = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return web.json_response({"keys": [{**jwk, "kid": _KEY_ID, "use": "sig", "alg": "ES256"}]})

    async def _ask(self, request: web.Request) -> web.Response:
        """Who they are; nobody is sent anywhere that the client has not registered."""
        asked = dict(request.query)
        client = self._client(asked)
        text = f"{client.client_id} asks who you are."
        return _page(self.title, text, people=self.accounts, hidden=asked)

    async def _chosen(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        client = self._client(form)
        account = next((each for each in self.accounts if each.subject == form.get("as")), None)
        if account is None:
            raise web.HTTPBadRequest(text="Nobody was chosen.")
        session, code = secrets.token_urlsafe(16), secrets.token_urlsafe(24)
        self._sessions[session] = account.subject
        self._codes[code] = _Code(account, form, session, time.monotonic() + CODE_S)
        answer = {"code": code, "state": form.get("state", ""), "iss": self.issuer}
        raise web.HTTPSeeOther(f"{_registered(client, form)}?{urlencode(answer)}")

    async def _exchange(self, request: web.Request) -> web.Response:
        """RFC 6749, 4.1.3: a code counts once, for the client and address that it was given to, with its verifier."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        code = self._codes.pop(form.get("code", ""), None)
        client = self.clients.get(form.get("client_id", ""))
        if client is None:
            return web.json_response({"error": "invalid_client"}, status=401)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            code is None
            or code.expires_at < time.monotonic()
            or code.asked.get("client_id") != client.client_id
            or code.asked.get("redirect_uri") != form.get("redirect_uri")
            or code.asked.get("code_challenge") != challenge
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        claims = {
            "sub": code.account.subject,
            "name": code.account.name,
            "email": code.account.email,
            "email_verified": code.account.email_verified,
            "groups": list(code.account.groups),
            "nonce": code.asked.get("nonce"),
            "sid": code.session,
            "auth_time": int(time.time()),
            "amr": ["demo"],
            **self.more_claims,
        }
        tokens = {"id_token": self._signed(client, claims), "access_token": "none", "token_type": "Bearer"}
        return web.json_response(tokens, headers={"Cache-Control": "no-store"})

    def _client(self, asked: Mapping[str, str]) -> Client:
        """Who asks; a question that cannot be answered to anybody is refused here, on this page."""
        client = self.clients.get(asked.get("client_id", ""))
        if client is None or asked.get("redirect_uri") not in client.redirect_uris:
            raise web.HTTPBadRequest(text="No application is registered here with that client_id and redirect_uri.")
        if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
            raise web.HTTPBadRequest(text="This provider knows the code flow with PKCE (S256), and nothing else.")
        return client

    def _signed(self, client: Client, claims: Mapping[str, Any]) -> str:
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": client.client_id, "iat": now, "exp": now + TOKEN_S}
        return jwt.encode({**usual, **claims}, self._key, "ES256", {"kid": _KEY_ID})


def _registered(client: Client, form: Mapping[str, str]) -> str:
    return next(each for each in client.redirect_uris if each == form["redirect_uri"])


def _page(title: str, text: str, *, people: Sequence[Account], hidden: Mapping[str, str]) -> web.Response:
    html = _PAGE.render(title=title, text=text, people=people, hidden=hidden)
    return web.Response(text=html, content_type="text/html", headers={"Cache-Control": "no-store"})


@contextlib.asynccontextmanager
async def demo_provider(
    title: str, accounts: Sequence[Account], port: int = 0, host: str = "127.0.0.1"
) -> AsyncGenerator[DemoProvider]:
    """One that listens for as long as the block lasts."""
    provider = DemoProvider(title, accounts)
    application = web.Application()
    application.add_routes(provider.routes())
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        provider.issuer = f"http://{host}:{runner.addresses[0][1]}"
        yield provider
    finally:
        await runner.cleanup()
