"""Signatures verified by xmlsec1, which pysaml2 starts for each: in threads, few at once.

What is handed to it was looked at before (`access.identity.saml.protocol.signatures`): one signature, of the root, by
transforms that read nothing else. Which keys may have made it is said here, never by the document.
"""

import asyncio
import importlib
import logging
import shutil
from collections.abc import Sequence
from functools import cached_property
from tempfile import NamedTemporaryFile
from typing import Any, Final

from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from access.identity.saml.protocol.signatures import Signed
from access.policy.policy import Policy
from access.policy.shapes.providers import SamlProvider
from web.oidc.fetching import ProviderSilent

PROGRAM: Final = "xmlsec1"
#: Each takes a tenth of a second of one core.
AT_ONCE: Final = 2

# It logs what documents say; what was refused is on record here.
logging.getLogger("saml2").setLevel(logging.CRITICAL + 1)


def lacking(policy: Policy) -> str | None:
    """What lacks on this machine for the providers of `policy`, as a sentence; None: nothing."""
    named = [name for name, provider in policy.providers.items() if isinstance(provider, SamlProvider)]
    if not named or shutil.which(PROGRAM) is not None:
        return None
    return (
        f"the program {PROGRAM}, which verifies signatures of SAML, is not on this machine, and nobody can sign in at "
        f"{', '.join(named)} without it: install it (on Debian the package {PROGRAM})."
    )


def load() -> None:
    """Load what takes a second, so that nobody's sign-in waits for it."""
    importlib.import_module("saml2.sigver")


class XmlSec:
    """Verifies signatures; one for the whole process."""

    def __init__(self) -> None:
        self._few = asyncio.Semaphore(AT_ONCE)

    async def verify(self, signed: Signed, certificates: Sequence[bytes]) -> None:
        """That the key of one of `certificates` (PEM) made its signature. Raises InvalidSaml, ProviderSilent."""
        if shutil.which(PROGRAM) is None:
            raise ProviderSilent(f"cannot be verified: {PROGRAM} is not on this machine")
        async with self._few:
            is_good = await asyncio.to_thread(self._is_by_one, signed, certificates)
        if not is_good:
            raise InvalidSaml(SamlProblem.BAD_SIGNATURE)

    @cached_property
    def _backend(self) -> Any:
        from saml2.sigver import CryptoBackendXmlSec1  # noqa: PLC0415 - slow to load, and few need it

        return CryptoBackendXmlSec1(shutil.which(PROGRAM) or PROGRAM)

    def _is_by_one(self, signed: Signed, certificates: Sequence[bytes]) -> bool:
        from saml2.sigver import XmlsecError  # noqa: PLC0415 - the same

        kind, _, name = signed.root.tag.removeprefix("{").partition("}")
        for certificate in certificates:
            with NamedTemporaryFile(suffix=".pem") as file:
                file.write(certificate)
                file.flush()
                try:
                    if self._backend.validate_signature(
                        signed.document, file.name, "pem", f"{kind}:{name}", signed.name
                    ):
                        return True
                # The latter where it quotes half a letter of the document in an error.
                except (XmlsecError, UnicodeDecodeError):
                    continue
        return False
