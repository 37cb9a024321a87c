"""What a sign-in proves itself by: a verifier that stays in this process, and its challenge (RFC 7636, S256). Pure."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlencode

_BYTES: Final = 32


@dataclass(frozen=True)
class Attempt:
    """One attempt; `state` tells the browser's answer to it from any other."""

    verifier: str
    state: str

    @classmethod
    def begin(cls) -> Self:
        return cls(secrets.token_urlsafe(_BYTES), secrets.token_urlsafe(_BYTES))

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode("ascii")).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def address(self, origin: str, redirect_uri: str, device: str) -> str:
        """What the browser opens."""
        words = {
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            "redirect_uri": redirect_uri,
            "state": self.state,
            "device": device,
        }
        return f"{origin}/cli/sign-in?{urlencode(words)}"


def device_name(host: str) -> str:
    """What this command line calls itself: one line of plain letters, however its host is called."""
    plain = "".join(each if each.isascii() and (each.isalnum() or each in "-._") else "-" for each in host)[:60]
    return f"gatepass on {plain or 'a machine without a name'}"
