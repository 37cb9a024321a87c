"""A SAML identity provider on loopback, of pysaml2: it signs in whoever its page is told, and signs them out again."""

import asyncio
import base64
import contextlib
import warnings
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from cli.demo.provider import Account
from support.identity.saml import PASSWORD, Keys, keys

with warnings.catch_warnings():
    # Parts of it that are not used here have names that cryptography is about to move.
    warnings.simplefilter("ignore")
    from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
    from saml2.config import IdPConfig
    from saml2.metadata import entity_descriptor
    from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
    from saml2.server import Server
    from saml2.sigver import verify_redirect_signature

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><main><h1>{title}</h1>{body}</main></body></html>"""
_GO_ON = "<script>document.forms[0].submit()</script>"


@dataclass
class SamlIdp:
    """One identity provider, which is at `url` once it listens."""

    folder: Path
    accounts: Sequence[Account]
    #: Where each application describes itself.
    applications: Sequence[str] = ()
    title: str = "SAML Identity"
    url: str = ""
    by: Keys = field(default_factory=lambda: keys("idp"))
    #: What assertions say otherwise than usual.
    level: str = PASSWORD
    authn_instant: int | None = None
    name_format: str = NAMEID_FORMAT_PERSISTENT
    #: Metadata are not to be had.
    is_down: bool = False
    wants_signed_requests: bool = True
    #: By which bindings it is told of logouts.
    told_by: Sequence[str] = (BINDING_HTTP_REDIRECT,)
    #: What it was asked, and what its logout was answered with.
    asked: list[Any] = field(default_factory=list[Any])
    logout_answers: list[bool] = field(default_factory=list[bool])
    sessions: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def entity_id(self) -> str:
        return f"{self.url}/metadata"

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/metadata", self._describe),
            web.get("/sso", self._ask),
            web.post("/sso", self._chosen),
            web.get("/logout", self._log_out),
            web.get("/slo", self._logged_out),
            web.post("/slo", self._logged_out_by_a_form),
        ]

    def server(self) -> Any:
        """What pysaml2 makes of it, with the applications as they describe themselves."""
        (self.folder / "idp.key").write_bytes(self.by.key)
        (self.folder / "idp.crt").write_bytes(self.by.certificate)
        return Server(config=IdPConfig().load(self._config()))

    async def logout_address(self, subject: str, application: str) -> str:
        """Where a browser goes that ends the sessions of `subject` at an application, which is its entity id."""
        await self._know()
        return await asyncio.to_thread(self._logout, subject, application)

    def _config(self) -> dict[str, Any]:
        service = {
            "endpoints": {
                "single_sign_on_service": [(f"{self.url}/sso", BINDING_HTTP_REDIRECT)],
                "single_logout_service": [(f"{self.url}/slo", each) for each in self.told_by],
            },
            "want_authn_requests_signed": self.wants_signed_requests,
            "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None}},
        }
        known = list(self.folder.glob("application-*.xml"))
        return {
            "entityid": self.entity_id,
            "xmlsec_binary": "/usr/bin/xmlsec1",
            "key_file": str(self.folder / "idp.key"),
            "cert_file": str(self.folder / "idp.crt"),
            "service": {"idp": service},
            "metadata": {"local": [str(each) for each in known]},
        }

    async def _know(self) -> None:
        """Read what the applications say of themselves."""
        async with aiohttp.ClientSession() as session:
            for number, address in enumerate(self.applications):
                async with session.get(address) as answer:
                    (self.folder / f"application-{number}.xml").write_bytes(await answer.read())

    async def _describe(self, _: web.Request) -> web.Response:
        if self.is_down:
            return web.Response(status=503)
        self.server()
        said = await asyncio.to_thread(lambda: str(entity_descriptor(IdPConfig().load(self._config()))))
        return web.Response(text=said, content_type="application/samlmetadata+xml")

    async def _ask(self, request: web.Request) -> web.Response:
        """Who they are: a page with a button for each."""
        hidden = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in request.query.items()
        )
        buttons = "".join(
            f'<button name="as" value="{each.subject}">{escape(each.name)}</button>' for each in self.accounts
        )
        return self._page(f'<form method="post">{hidden}{buttons}</form>')

    async def _chosen(self, request: web.Request) -> web.Response:
        """Somebody said who they are: their browser posts the answer to the application."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        await self._know()
        to, answer = await asyncio.to_thread(self._answer, form)
        fields = {"SAMLResponse": answer, "RelayState": form["RelayState"]}
        inputs = "".join(f'<input type="hidden" name="{name}" value="{escape(v)}">' for name, v in fields.items())
        return self._page(f'<form method="post" action="{escape(to)}">{inputs}</form>{_GO_ON}')

    def _answer(self, form: Mapping[str, str]) -> tuple[str, str]:
        server = self.server()
        signature = (form.get("SigAlg"), form.get("Signature"))
        read = server.parse_authn_request(
            form["SAMLRequest"],
            BINDING_HTTP_REDIRECT,
            relay_state=form["RelayState"],
            sigalg=signature[0],
            signature=signature[1],
        )
        self.asked.append(read.message)
        account = next(each for each in self.accounts if each.subject == form["as"])
        arguments = server.response_args(read.message)
        arguments.pop("name_id_policy", None)
        arguments.pop("binding", None)
        made = server.create_authn_response(
            {"mail": [account.email], "memberOf": list(account.groups)}
            if account.groups
            else {"mail": [account.email]},
            userid=account.subject,
            name_id=NameID(format=self.name_format, text=account.subject),
            authn={"class_ref": self.level, "authn_instant": self.authn_instant},
            sign_assertion=True,
            sign_response=False,
            sign_alg="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            digest_alg="http://www.w3.org/2001/04/xmlenc#sha256",
            **arguments,
        )
        # It calls its session as it likes.
        self.sessions[account.subject] = str(made).partition('SessionIndex="')[2].partition('"')[0]
        return arguments["destination"], base64.b64encode(str(made).encode()).decode()

    async def _log_out(self, request: web.Request) -> web.StreamResponse:
        """Somebody signs out here: their browser tells the application so."""
        to = await self.logout_address(request.query["as"], request.query["application"])
        # Letter by letter: HTTPFound would write the address otherwise than it was signed.
        return web.Response(status=302, headers={"Location": to})

    def _logout(self, subject: str, application: str) -> str:
        server = self.server()
        to = server.metadata.single_logout_service(application, BINDING_HTTP_REDIRECT, "spsso")[0]["location"]
        _, message = server.create_logout_request(
            to,
            issuer_entity_id=application,
            name_id=NameID(format=self.name_format, text=subject),
            session_indexes=[self.sessions[subject]] if subject in self.sessions else None,
            sign=False,
        )
        sent = server.apply_binding(
            BINDING_HTTP_REDIRECT,
            str(message),
            to,
            relay_state="back",
            sign=True,
            sigalg="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        )
        return dict(sent["headers"])["Location"]

    async def _logged_out(self, request: web.Request) -> web.Response:
        """The application's answer, which must be signed by it."""
        await self._know()
        said = dict(request.query)

        def read() -> bool:
            server = self.server()
            answer = server.parse_logout_request_response(said["SAMLResponse"], BINDING_HTTP_REDIRECT)
            application = answer.response.issuer.text
            certificates = server.metadata.certs(application, "any", "signing")
            return all(
                verify_redirect_signature(said, server.sec.sec_backend, cert=certificate)
                for _, certificate in certificates
            )

        self.logout_answers.append(await asyncio.to_thread(read))
        return self._page("<p>You are signed out everywhere.</p>")

    async def _logged_out_by_a_form(self, request: web.Request) -> web.Response:
        """The same as a form, signed as XML."""
        await self._know()
        form = {name: str(value) for name, value in (await request.post()).items()}

        def read() -> bool:
            server = self.server()
            server.parse_logout_request_response(form["SAMLResponse"], BINDING_HTTP_POST)
            message = base64.b64decode(form["SAMLResponse"]).decode()
            return server.sec.correctly_signed_logout_response(message, must=True) is not None

        self.logout_answers.append(await asyncio.to_thread(read))
        return self._page(f"<p>You are signed out everywhere: {escape(form.get('RelayState', ''))}.</p>")

    def _page(self, body: str) -> web.Response:
        return web.Response(text=_PAGE.format(title=escape(self.title), body=body), content_type="text/html")


@contextlib.asynccontextmanager
async def saml_idp(folder: Path, accounts: Sequence[Account]) -> AsyncGenerator[SamlIdp]:
    """Serve one on a free port of loopback for as long as the block lasts."""
    folder.mkdir(exist_ok=True)
    idp = SamlIdp(folder, accounts)
    application = web.Application()
    application.add_routes(idp.routes())
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        # Not localhost, where the pages are: browsers take another port there for the same site.
        idp.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield idp
    finally:
        await runner.cleanup()
