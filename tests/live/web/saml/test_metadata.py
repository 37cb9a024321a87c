"""How long metadata are kept: an hour, or as long as they say; and whatever they stand in may be over."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from access.policy.shapes.providers import SamlProvider
from support.identity.saml import IDP, at, metadata
from support.web.saml_stage import SamlStage, SamlVisitor
from web.saml.metadata import KeptMetadata

NOW = datetime.now(UTC)


def grouped(*attributes: str) -> str:
    around = 'md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
    text = metadata()
    for each in attributes:
        text = f"<{around}{each}>{text}</md:EntitiesDescriptor>"
    return text


class Told:
    """A provider's metadata, how often they were asked for, and the clock of whoever keeps them."""

    text = metadata()
    asked = 0
    clock = 0.0

    async def answer(self, _: web.Request) -> web.Response:
        self.asked += 1
        return web.Response(text=self.text)


@pytest.fixture
async def told() -> Told:
    return Told()


@pytest.fixture
async def kept(told: Told) -> AsyncIterator[KeptMetadata]:
    application = web.Application()
    application.add_routes([web.get("/metadata", told.answer)])
    async with TestServer(application) as server, aiohttp.ClientSession() as session:
        said = {"entity_id": IDP, "metadata": str(server.make_url("/metadata"))}
        provider = SamlProvider.model_validate({"name": "x", "email": "managed", "saml": said})
        yield KeptMetadata(provider, session, lambda: told.clock)


@pytest.mark.parametrize(
    ("attributes", "lasts_s"),
    [
        ((), 3_600),
        ((' cacheDuration="PT5M"',), 300),
        (("", ' cacheDuration="PT5M"', ' cacheDuration="PT10M"'), 300),
        ((' cacheDuration="PT1S"',), 30),
        ((' cacheDuration="P30D"',), 3_600),
    ],
)
async def test_it_is_asked_again_when_it_is_due(
    told: Told, kept: KeptMetadata, attributes: tuple[str, ...], lasts_s: int
) -> None:
    told.text = grouped(*attributes)
    for clock, asked in ((0, 1), (lasts_s - 1, 1), (lasts_s, 2), (lasts_s + 1, 2)):
        told.clock = clock
        await kept.current(NOW)
        assert told.asked == asked


async def test_nobody_signs_in_by_a_group_that_is_over(guest: SamlVisitor, saml: SamlStage, tmp_path: Path) -> None:
    path = tmp_path / "group.xml"
    path.touch(0o600)

    def from_a_file(said: dict[str, Any]) -> None:
        said["providers"]["corp"]["saml"] = {"entity_id": IDP, "metadata": f"file:{path}"}

    path.write_text(grouped("", f' validUntil="{at(-60)}"', f' validUntil="{at(60)}"'))
    await saml.amend(from_a_file)
    assert (await guest.ask("/sign-in/corp"))[0] == 502
    path.write_text(grouped("", f' validUntil="{at(60)}"'))
    assert (await guest.ask("/sign-in/corp"))[0] == 303
