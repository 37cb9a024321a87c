"""Templates, and what stands on every page: who is signed in, and the token that its forms need."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import aiohttp_jinja2
import jinja2
from aiohttp import web

from access.visible import visible
from web.door import cookies, csrf
from web.door.guard import SIGNED_IN


def set_up(application: web.Application) -> None:
    """Have `application` render the templates of this package; what is put into them is escaped, without exception."""
    environment = aiohttp_jinja2.setup(
        application,
        loader=jinja2.PackageLoader("web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = _clock
    environment.filters["iso"] = datetime.isoformat
    environment.filters["day"] = _day
    environment.filters["seen"] = visible


def page(
    request: web.Request, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> web.Response:
    signed_in = request.get(SIGNED_IN)
    secret = cookies.session_secret(request)
    common = {
        "person": signed_in.principal.name if signed_in is not None else None,
        "csrf": csrf.token(secret) if signed_in is not None and secret is not None else "",
        "path": request.path,
    }
    return aiohttp_jinja2.render_template(template, request, {**common, **(context or {})}, status=status)


def sent_to(address: str) -> web.Response:
    """The browser goes there next, by GET (RFC 9110, 15.4.4)."""
    return web.Response(status=303, headers={"Location": address})


def sign_in_first(request: web.Request) -> web.Response:
    """To the sign-in, and from there to the page that was asked for."""
    return sent_to(f"/sign-in?then={quote(request.path)}")


def message(
    request: web.Request, title: str, text: str, *, status: int, then: tuple[str, str] | None = None
) -> web.Response:
    """A page that says what happened, and where to go from there: an address and its words."""
    return page(request, "message.html", {"title": title, "text": text, "then": then}, status=status)


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M} UTC"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
