"""What is wrong with a request of a provider: a status, RFC 7644's word for it, and a sentence. Pure."""

from typing import Any, Final

from pydantic import ValidationError
from scim2_models import Error, SCIMException

ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
#: What a provider sent is said again up to here.
_MAX_DETAIL_CHARS: Final = 500


class Problem(Exception):
    """The request is refused; nothing was changed."""

    def __init__(self, status: int, detail: str, word: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail[:_MAX_DETAIL_CHARS]
        #: `scimType`, RFC 7644 3.12.
        self.word = word

    def body(self) -> dict[str, Any]:
        """RFC 7644, 3.12."""
        word = {"scimType": self.word} if self.word else {}
        return {"schemas": [ERROR], "status": str(self.status), **word, "detail": self.detail}


def no_such(what: str) -> Problem:
    return Problem(404, f"There is no such {what}.")


def taken(what: str) -> Problem:
    return Problem(409, f"Another one has this {what} already.", "uniqueness")


def of(error: ValidationError | SCIMException) -> Problem:
    """What the library says is wrong."""
    said = Error.from_validation_errors(error)[0] if isinstance(error, ValidationError) else error.to_error()
    return Problem(said.status or 400, said.detail or "It cannot be read.", said.scim_type)
