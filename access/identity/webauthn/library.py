"""The one place where py_webauthn is called: what it raises for hostile bytes becomes an InvalidTouch. Pure."""

import contextlib
from collections.abc import Generator
from typing import Final

from webauthn.helpers.cose import COSEAlgorithmIdentifier

from access.identity.webauthn.problems import InvalidTouch, TouchProblem

#: What keys sign with: ES256, EdDSA, RS256. Each is of today's; RS1 and the like are not offered and not taken.
ALGORITHMS: Final = (
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
)

#: The library has one exception for all and says what is wrong in words; only those are told apart that people can
#: do something about.
_WORDS: Final = (
    ("origin", TouchProblem.OTHER_SITE),
    ("RP ID", TouchProblem.OTHER_SITE),
    ("User verification", TouchProblem.NOT_VERIFIED),
)


@contextlib.contextmanager
def verifying() -> Generator[None]:
    """Everything raised in it is a refusal: CBOR, ASN.1 and JSON of strangers fail in more ways than are listed."""
    try:
        yield
    except InvalidTouch:
        raise
    except Exception as error:
        said = str(error)
        found = next((problem for words, problem in _WORDS if words in said), TouchProblem.INVALID)
        raise InvalidTouch(found) from error
