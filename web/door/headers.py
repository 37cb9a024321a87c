"""Headers of every answer: what browsers may do with it, and nothing about what runs here."""

import re
from collections.abc import Mapping
from typing import Final

from aiohttp import web, web_response
from yarl import URL

from web.settings import Origin

# Versions are for nobody who merely reaches this port. What aiohttp answers to bytes that are no HTTP passes no hook of
# the application's, so there the name that it would give itself is another.
web_response.SERVER_SOFTWARE = "gatepass"  # pyright: ignore[reportPrivateImportUsage]

#: No inline script or style, nothing of another site's, in nobody's frame.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: `same-origin`, not `no-referrer`: with that browsers say of their own forms that they come from nowhere.
ALWAYS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
#: The one other site that the form of an answer goes to, and leads on from: browsers hold redirects to it as well.
FORM_TO: Final = web.ResponseKey("form_to", str)
#: What may stand in a policy: a host of the usual letters, never a directive of its own.
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")
#: Two years, as browsers' own lists ask for; not for addresses and localhost, where other things are served too.
STRICT_TRANSPORT: Final = "max-age=63072000"


def of(origin: Origin) -> Mapping[str, str]:
    """What every answer of the pages has."""
    hsts = {"Strict-Transport-Security": STRICT_TRANSPORT} if origin.is_encrypted and origin.is_named else {}
    return {**ALWAYS, **hsts}


def form_origin(address: str) -> str | None:
    """The site of an address, as a policy can name it; None: it cannot."""
    origin = str(URL(address).origin())
    return origin if _ORIGIN.fullmatch(origin) else None


def put_on(application: web.Application, headers: Mapping[str, str]) -> None:
    """Have every answer of `application` carry `headers`; pages are kept by no cache unless their handler says so."""

    async def put(_: web.Request, response: web.StreamResponse) -> None:
        response.headers.popall("Server", None)
        response.headers.setdefault("Cache-Control", "no-store")
        for name, value in headers.items():
            response.headers[name] = value
        if FORM_TO in response:
            wider = CONTENT_SECURITY_POLICY.replace("form-action 'self'", f"form-action {response[FORM_TO]} https:")
            response.headers["Content-Security-Policy"] = wider

    application.on_response_prepare.append(put)
