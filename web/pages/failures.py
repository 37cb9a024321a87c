"""What goes wrong, as a page: the sentence for the person, and nothing of how it came about."""

from typing import Any, Final

import structlog
from aiohttp import web

from access.errors import Refused
from access.identity.proof import Unproven
from access.identity.webauthn.problems import InvalidTouch
from storage.database import StorageUnavailable
from web.door.guard import SIGNED_IN, Handler
from web.pages.rendering import message
from web.pages.touching import sign_in_again

_TITLES: Final = {
    400: "That could not be read",
    403: "Not allowed",
    404: "There is no such page",
    405: "Not possible here",
    413: "Too much at once",
    421: "Another address",
    429: "Too often",
    503: "Not available",
}
_SENTENCES: Final = {
    404: "Look at the address, or begin at My access.",
    405: "This page cannot be asked for like that. Begin at My access.",
    413: "What was sent is larger than anything a page of Gatepass sends.",
}
HOME: Final = ("/", "My access")

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def middleware() -> Any:
    @web.middleware
    async def failures(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            said = _SENTENCES.get(error.status) or error.text or "Begin again at My access."
            return message(request, _TITLES.get(error.status, error.reason), said, status=error.status, then=HOME)
        except InvalidTouch as problem:
            return message(request, "That was not done", str(problem), status=403, then=HOME)
        except Unproven as unproven:
            return message(request, "That was not done", str(unproven), status=409, then=_where(request, unproven))
        except Refused as refused:
            return message(request, "That was not done", str(refused), status=409, then=HOME)
        except StorageUnavailable:
            said = "Gatepass does not reach its storage at the moment. Nothing was changed. Try again in a minute."
            return message(request, "Not available", said, status=503, then=HOME)
        except Exception:
            log.exception("page_failed", path=request.path)
            said = "Gatepass could not do this, and has written down why. Ask your operator to look at its log."
            return message(request, "Something is wrong here", said, status=500, then=HOME)

    return failures


def _where(request: web.Request, unproven: Unproven) -> tuple[str, str]:
    """Where what lacks can be proven."""
    me = request.get(SIGNED_IN)
    if unproven.takes_sign_in and me is not None:
        return sign_in_again(me, unproven.page or HOME[0]), "Sign in again"
    return (unproven.page, "Back to it") if unproven.page else HOME
