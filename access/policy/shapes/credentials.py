"""What clients may let themselves in with at a role's door. Pure."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from access.policy.values.complaint import complaint


class ClientCredential(StrEnum):
    """Kinds of what a client brings to the proxy."""

    #: In the place of a password: a signed one, or a short reference to one.
    TOKEN = "token"  # noqa: S105
    #: Signed by Gatepass for minutes over a key of the client's own: of SSH, or of TLS for PostgreSQL.
    CERTIFICATE = "certificate"
    #: A key of SSH's that its owner has registered.
    KEY = "key"
    #: Nothing: the person says in their browser that it is them.
    BROWSER = "browser"


ALL: Final = tuple(ClientCredential)
#: What PostgreSQL's protocol can bring.
POSTGRES: Final = frozenset({ClientCredential.TOKEN, ClientCredential.CERTIFICATE})


def _once(value: list[ClientCredential]) -> list[ClientCredential]:
    if len(set(value)) != len(value):
        raise complaint("names something twice: write each once")
    return value


Accepts = Annotated[list[ClientCredential], Field(min_length=1), AfterValidator(_once)]
