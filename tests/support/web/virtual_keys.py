"""Security keys in software of the browser: Chromium's virtual authenticators (WebAuthn 11), by its debugging port."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import CDPSession, Page


@dataclass
class VirtualKey:
    """One authenticator of one page."""

    cdp: CDPSession
    id: str

    async def knows_its_owner(self, verified: bool) -> None:
        """Whether the PIN that is typed is right."""
        await self.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": verified})

    async def credentials(self) -> list[dict[str, Any]]:
        return (await self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id}))["credentials"]

    async def counts_back(self) -> None:
        """As a copy that was made earlier would."""
        for credential in await self.credentials():
            await self.cdp.send(
                "WebAuthn.removeCredential",
                {"authenticatorId": self.id, "credentialId": credential["credentialId"]},
            )
            await self.cdp.send(
                "WebAuthn.addCredential", {"authenticatorId": self.id, "credential": credential | {"signCount": 0}}
            )

    async def unplug(self) -> None:
        await self.cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.id})


async def plugged_in(page: Page, *, transport: str = "usb") -> VirtualKey:
    """A new key, touched and unlocked whenever it is asked."""
    cdp = await page.context.new_cdp_session(page)
    await cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": transport,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    added = await cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return VirtualKey(cdp, added["authenticatorId"])
