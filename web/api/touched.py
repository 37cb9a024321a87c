"""The touch that a command line waited for, as it names it where it is handed what opens its grant."""

from typing import NamedTuple, Self
from uuid import UUID

from access.context import Access
from access.identity.browser_sessions import SignedIn
from access.identity.command_lines import wanted
from web.api import shapes
from web.api.answers import ApiRefused


class Touched(NamedTuple):
    """The wish, and the touch that was given for it; None and None: the body names none."""

    wanted: UUID | None = None
    touch: UUID | None = None

    @classmethod
    async def of(cls, access: Access, me: SignedIn, said: shapes.Json, grant_id: UUID) -> Self:
        """Raises ApiRefused, and Refused for what was not touched for."""
        named = said.get("touch")
        if named is None:
            return cls()
        try:
            wish = UUID(str(named))
        except ValueError as error:
            why = "That is no id of a touch: /api/grants/ID/touch gives one."
            raise ApiRefused(400, "invalid_request", why) from error
        return cls(wish, await wanted.touch_for(access, me, wish, grant_id))
