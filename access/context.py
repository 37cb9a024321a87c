"""Access: what every rule needs, made once by the composition root and passed as the first argument."""

from collections.abc import Callable
from dataclasses import dataclass

from access.certificates.authority import ClientAuthority
from access.policy.file import PolicyFile
from access.tokens import TokenKeys
from storage.database import Database


@dataclass(frozen=True)
class Access:
    """Storage, the policy in force, and the two things that guard what leaves: redaction and token keys."""

    database: Database
    policies: PolicyFile
    #: Masks sensitive values in what people typed, before it is stored or posted; from proxy.masking.
    redact: Callable[[str], str]
    keys: TokenKeys
    #: Where people sign in, for sentences; empty: nobody has said.
    pages: str = ""
    #: Signs clients' certificates and knows them again; None: there are none here.
    client_authority: ClientAuthority | None = None
