"""A browser as the server sees one, without a browser: cookies by name, and forms with their tokens."""

import re
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

import aiohttp
from yarl import URL

from support.web.stage import PagesStage


class Visitor:
    """A browser as the server sees one: cookies by name, and no redirect followed by itself."""

    def __init__(self, stage: PagesStage, session: aiohttp.ClientSession) -> None:
        self.stage = stage
        self.session = session
        self.cookies: dict[str, str] = {}
        #: Set-Cookie lines of the last answer.
        self.set: SimpleCookie = SimpleCookie()

    async def ask(self, path: str, method: str = "GET", **more: object) -> tuple[int, str, str]:
        """Status, text, and where it sends."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers |= more.pop("headers", {})  # pyright: ignore[reportOperatorIssue, reportCallIssue, reportArgumentType]
        url = path if path.startswith("http") else f"{self.stage.url}{path}"
        # What is signed is sent letter by letter, as browsers do.
        target = URL(url, encoded="Signature=" in url)
        async with self.session.request(method, target, headers=headers, allow_redirects=False, **more) as answer:  # pyright: ignore[reportArgumentType]
            self.headers = answer.headers
            self.set = SimpleCookie()
            for line in answer.headers.getall("Set-Cookie", []):
                self.set.load(line)
            for name, morsel in self.set.items():
                if morsel.value:
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
            return answer.status, await answer.text(), answer.headers.get("Location", "")

    async def asked(self, then: str = "") -> str:
        """Begin a sign-in; returns the provider's address with the question."""
        status, _, to = await self.ask(f"/sign-in/corp{then}")
        assert status == 303
        return to

    async def answered(self, question: str, who: str = "u-alice") -> str:
        """The provider's answer: the path of the callback."""
        form = {name: values[0] for name, values in parse_qs(urlsplit(question).query).items()} | {"as": who}
        async with self.session.post(question.partition("?")[0], data=form, allow_redirects=False) as answer:
            return answer.headers["Location"]

    async def sign_in(self, who: str = "u-alice") -> None:
        status, text, to = await self.ask(await self.answered(await self.asked(), who))
        assert (status, to) == (303, "/"), text

    async def post(self, path: str, **headers: str) -> tuple[int, str, str]:
        """As a form of the page would: with its token, and our origin unless another is given."""
        status, text, _ = await self.ask("/")
        assert status == 200
        [token, *_] = re.findall(r'name="csrf" value="([0-9a-f]+)"', text)
        return await self.ask(path, "POST", data={"csrf": token}, headers={"Origin": self.stage.url} | headers)
