"""Signatures verified by xmlsec1, which is started for each: in threads, few at once, and not for long.

What is handed to it was looked at before (`access.identity.saml.protocol.signatures`): one signature, of the root, by
transforms that read nothing else. Which keys may have made it is said here, never by the document.
"""

import asyncio
import importlib
import logging
import shutil
import subprocess
import time
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from tempfile import NamedTemporaryFile
from typing import Any, Final

import structlog

from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from access.identity.saml.protocol.signatures import Signed
from access.policy.policy import Policy
from access.policy.shapes.providers import SamlProvider
from web.oidc.fetching import ProviderSilent

PROGRAM: Final = "xmlsec1"
#: Each takes a tenth of a second of one core.
AT_ONCE: Final = 2
#: Whatever takes longer, by all keys of a provider together, is given up.
LIMIT_S: Final = 10.0
#: So many more of each kind may wait for their turn: they had a sentence sooner than their turn.
MAX_WAITING: Final = 20


class Purpose(StrEnum):
    """What a signature is for: logouts, which anybody may send, keep nobody from signing in."""

    SIGN_IN = "sign-in"
    LOGOUT = "logout"


log: structlog.stdlib.BoundLogger = structlog.get_logger()

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
        self._coming = dict.fromkeys(Purpose, 0)

    async def verify(self, signed: Signed, certificates: Sequence[bytes], purpose: Purpose) -> None:
        """That the key of one of `certificates` (PEM) made its signature. Raises InvalidSaml, ProviderSilent."""
        program = shutil.which(PROGRAM)
        if program is None:
            raise ProviderSilent(f"cannot be verified: {PROGRAM} is not on this machine")
        if self._coming[purpose] >= AT_ONCE + MAX_WAITING:
            raise ProviderSilent("cannot be verified: too many signatures wait for their turn")
        self._coming[purpose] += 1
        try:
            async with self._few:
                is_good = await asyncio.to_thread(self._is_by_one, program, signed, certificates)
        finally:
            self._coming[purpose] -= 1
        if is_good is None:
            log.warning("signature_given_up", program=program, seconds=LIMIT_S, bytes=len(signed.document))
            raise InvalidSaml(SamlProblem.TOOK_TOO_LONG)
        if not is_good:
            raise InvalidSaml(SamlProblem.BAD_SIGNATURE)

    def _is_by_one(self, program: str, signed: Signed, certificates: Sequence[bytes]) -> bool | None:
        """None: it took too long, and nothing that was started is there any more."""
        from saml2.sigver import XmlsecError  # noqa: PLC0415 - slow to load, and few need it

        verifier = _bounded()(program, time.monotonic() + LIMIT_S)
        kind, _, name = signed.root.tag.removeprefix("{").partition("}")
        for certificate in certificates:
            with NamedTemporaryFile(suffix=".pem") as file:
                file.write(certificate)
                file.flush()
                try:
                    if verifier.validate_signature(signed.document, file.name, "pem", f"{kind}:{name}", signed.name):
                        return True
                # The latter where it quotes half a letter of the document in an error.
                except (XmlsecError, UnicodeDecodeError):
                    continue
                # Not to be raised further: it would keep pysaml2's own file open.
                except subprocess.TimeoutExpired:
                    return None
        return False


@cache
def _bounded() -> Any:
    """pysaml2's, of which every process ends by a moment of the monotonic clock, killed if it must be."""
    from saml2.sigver import CryptoBackendXmlSec1, XmlsecError  # noqa: PLC0415 - the same

    class Bounded(CryptoBackendXmlSec1):
        def __init__(self, program: str, deadline: float) -> None:
            super().__init__(program)
            self._deadline = deadline
            self._words: list[str] | None = None

        @property
        def version(self) -> str:
            if self._words is None:
                self._words = self._run([self.xmlsec, "--version"]).stdout.decode("ascii", "replace").split(" ")
            return self._words[1] if len(self._words) > 1 else "0.0.0"

        def _run_xmlsec(self, com_list: list[str], extra_args: list[str]) -> tuple[str, str, bytes]:
            """As there: from 1.3 on it looks for keys by their names alone, unless it is told not to."""
            with NamedTemporaryFile(suffix=".xml") as output:
                more = ["--lax-key-search"] if tuple(self.version_nums) >= (1, 3) else []
                done = self._run([*com_list, "--output", output.name, *more, *extra_args])
                if done.returncode != 0:
                    raise XmlsecError
                return done.stdout.decode(), done.stderr.decode(), output.read()

        def _run(self, command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
            left_s = max(self._deadline - time.monotonic(), 0.0)
            return subprocess.run(command, capture_output=True, check=False, timeout=left_s)  # noqa: S603 - no shell's

    return Bounded
