"""A provider as the endpoint of its provisioning sees one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass
class Provisioner:
    """Sends what it is told to, with its token."""

    session: aiohttp.ClientSession
    url: str
    token: str | None
    #: Of the last answer.
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    async def send(
        self, method: str, path: str, body: object = None, *, raw: bytes | None = None, **headers: str
    ) -> tuple[int, Any]:
        """The status and the JSON; underscores of `headers` are dashes."""
        proof = {"Authorization": f"Bearer {self.token}"} if self.token is not None else {}
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        kind = {"Content-Type": "application/scim+json"}
        data = raw if raw is not None else (None if body is None else json.dumps(body).encode())
        async with self.session.request(
            method, self.url + path, data=data, headers={**proof, **kind, **said}, allow_redirects=False
        ) as answer:
            text = await answer.text()
            self.headers = answer.headers
            if answer.content_type != "application/scim+json":
                return answer.status, text
            return answer.status, json.loads(text)

    async def user(self, address: str, /, **more: Any) -> dict[str, Any]:
        """Make one, with its address as its name."""
        said = {
            "schemas": [USER],
            "userName": address,
            "active": True,
            "emails": [{"value": address, "primary": True}],
        }
        status, shown = await self.send("POST", "/Users", said | more)
        assert status == 201, shown
        return shown

    async def group(self, called: str, /, *members: str, **more: Any) -> dict[str, Any]:
        """Make one, of the ids of users."""
        within = [{"value": each} for each in members]
        status, shown = await self.send(
            "POST", "/Groups", {"schemas": [GROUP], "displayName": called, "members": within} | more
        )
        assert status == 201, shown
        return shown

    async def patch(self, path: str, *operations: dict[str, Any], if_match: str = "*") -> tuple[int, Any]:
        body = {"schemas": [PATCH], "Operations": list(operations)}
        return await self.send("PATCH", path, body, If_Match=if_match)

    async def found(self, kind: str, which: str, **more: str) -> list[dict[str, Any]]:
        """Those that meet a filter."""
        async with self.session.get(
            f"{self.url}/{kind}",
            params={"filter": which, **more},
            headers={"Authorization": f"Bearer {self.token}"},
        ) as answer:
            said = await answer.json(content_type=None)
            assert answer.status == 200, said
            return said.get("Resources", [])
