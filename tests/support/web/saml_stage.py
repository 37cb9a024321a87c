"""The pages with a SAML provider, which is `corp` in the policy, and browsers that go there and back."""

import base64
import contextlib
import re
import socket
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zlib import decompress

import aiohttp
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - it has no types

from access.identity.saml.protocol.messages import Ourselves
from cli.demo.provider import Account
from storage.database import Database
from support.access import World
from support.identity.saml import Forge, our_key
from support.identity.saml_idp import SamlIdp, saml_idp
from support.web.stage import ACCOUNTS, document, served, world_of
from support.web.visitor import Visitor
from web.settings import Origin, WebSettings

GROUPED = (*ACCOUNTS, Account("u-gina", "Gina", "gina@example.com", groups=("sre", "staff")))


@dataclass
class SamlStage:
    """Where the pages are, what they stand on, and who proves people to them."""

    world: World
    settings: WebSettings
    idp: SamlIdp

    @property
    def url(self) -> str:
        return str(self.settings.origin)

    @property
    def ours(self) -> Ourselves:
        return Ourselves(self.url, "corp")

    async def amend(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Another policy from now on."""
        said = self.world.access.policies.current.document
        change(said)
        await self.world.write(said)


class SamlVisitor(Visitor):
    """A browser as the server sees one, at a SAML provider; a form of its is posted without our cookies."""

    saml: SamlStage

    @property
    def question(self) -> Any:
        """The AuthnRequest that was asked last."""
        return self._question

    async def asked(self, then: str = "") -> str:
        to = await super().asked(then)
        said = parse_qs(urlsplit(to).query)
        self.relay_state = said["RelayState"][0]
        self._question = etree.fromstring(decompress(base64.b64decode(said["SAMLRequest"][0]), -15))
        return to

    def forge(self, **changes: Any) -> Forge:
        """An answer to the question that was asked last, to be changed."""
        ours, idp = self.saml.ours, self.saml.idp
        usual: dict[str, Any] = {"idp": idp.entity_id, "by": idp.by}
        return Forge(ours.acs, ours.entity_id, self._question.get("ID"), **(usual | changes))

    async def given(self, question: str, who: str = "u-alice") -> dict[str, str]:
        """The form that the provider's page posts."""
        form = {name: values[0] for name, values in parse_qs(urlsplit(question).query).items()} | {"as": who}
        async with self.session.post(question.partition("?")[0], data=form) as answer:
            text = await answer.text()
            assert answer.status == 200, text
        found = re.findall(r'name="(SAMLResponse|RelayState)" value="([^"]*)"', text)
        return {name: unescape(value) for name, value in found}

    async def bring(self, form: dict[str, str], **more: Any) -> tuple[int, str, str]:
        """As another site's form: no cookie of ours comes with it."""
        kept, self.cookies = self.cookies, {}
        try:
            return await self.ask("/sign-in/corp/acs", "POST", data=form, **more)
        finally:
            self.cookies = kept

    async def bring_forged(self, forge: Forge) -> tuple[int, str, str]:
        return await self.bring({"SAMLResponse": forge.posted(), "RelayState": self.relay_state})

    async def signed_in(self, who: str = "u-alice", then: str = "") -> tuple[int, str, str]:
        """All the way: what the last page says."""
        status, text, to = await self.bring(await self.given(await self.asked(then), who))
        return await self.ask(to) if status == 303 else (status, text, to)


def saml_document(idp: SamlIdp, **more: Any) -> dict[str, Any]:
    """The tests' policy, with people found by their address at `corp`."""
    policy = document("https://unused.example.com")
    said: dict[str, Any] = {
        "title": "Example Corp",
        "saml": {"entity_id": idp.entity_id, "metadata": idp.entity_id},
        "email": "managed",
    }
    policy["providers"] = {"corp": said | more}
    return policy


def put_own_key(home: Path) -> None:
    """Making one takes long."""
    (home / "saml").mkdir(mode=0o700)
    (home / "saml" / "key.pem").touch(mode=0o600)
    (home / "saml" / "key.pem").write_bytes(our_key())


@contextlib.asynccontextmanager
async def saml_stage(database: Database, folder: Path) -> AsyncGenerator[SamlStage]:
    async with saml_idp(folder / "idp", GROUPED) as idp:
        put_own_key(folder)
        world = await world_of(database, folder, saml_document(idp))
        with socket.create_server(("127.0.0.1", 0)) as listening:
            origin = Origin("http", "localhost", listening.getsockname()[1])
            async with served(world, origin, listening, home=folder) as settings:
                stage = SamlStage(world, settings, idp)
                idp.applications = [stage.ours.entity_id]
                yield stage


@contextlib.asynccontextmanager
async def saml_visitor(stage: SamlStage) -> AsyncGenerator[SamlVisitor]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        visitor = SamlVisitor(stage, session)  # pyright: ignore[reportArgumentType] - of a stage it needs the address
        visitor.saml = stage
        yield visitor
