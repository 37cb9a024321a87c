"""A command line as the server sees one: it is let in through a visitor's pages, and asks the API by its secret."""

import base64
import hashlib
import html
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from support.web.visitor import Visitor

REDIRECT = "http://127.0.0.1:45678/"
DEVICE = "gatepass on laptop"


@dataclass
class CommandLine:
    """One attempt, and the sign-in that came of it."""

    visitor: Visitor
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    state: str = "s1"
    secret: str = ""

    @property
    def words(self) -> dict[str, str]:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return {
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "redirect_uri": REDIRECT,
            "state": self.state,
            "device": DEVICE,
        }

    async def code(self, **other: str) -> str:
        """The code that the browser brings, once its person says yes; `other` words take the usual ones' place."""
        status, text, _ = await self.visitor.ask(f"/cli/sign-in?{urlencode(self.words | other)}")
        assert status == 200, text
        form = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', text)}
        headers = {"Origin": self.visitor.stage.url}
        status, text, _ = await self.visitor.ask("/cli/sign-in", "POST", data=form, headers=headers)
        assert status == 200, text
        to = self.visitor.headers["Refresh"].removeprefix("0; url=")
        assert to.startswith(f"{REDIRECT}?")
        answer = parse_qs(urlsplit(to).query)
        assert answer["state"] == [self.state]
        return answer["code"][0]

    async def token(self, **form: str) -> tuple[int, dict[str, Any]]:
        """POST /api/token, as no browser."""
        return await self.call("/api/token", "POST", signed=False, data=form)

    async def exchange(self, code: str, **other: str) -> tuple[int, dict[str, Any]]:
        usual = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        return await self.token(**(usual | {"code_verifier": self.verifier} | other))

    async def sign_in(self) -> None:
        status, said = await self.exchange(await self.code())
        assert status == 200, said
        self.secret = said["access_token"]

    async def call(
        self, path: str, method: str = "GET", *, signed: bool = True, **more: Any
    ) -> tuple[int, dict[str, Any]]:
        """What the API answers."""
        headers = dict(more.pop("headers", {}))
        if signed:
            headers = {"Authorization": f"Bearer {self.secret}"} | headers
        url = f"{self.visitor.stage.url}{path}"
        async with self.visitor.session.request(method, url, headers=headers, allow_redirects=False, **more) as answer:
            return answer.status, await answer.json()
