"""Why what a SAML provider sent is no proof, as sentences for people and words for the audit log. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class SamlProblem(StrEnum):
    """Why a message proves nothing."""

    OVERSIZED = "oversized"
    MALFORMED = "malformed"
    DOCTYPE = "doctype"
    WRONG_KIND = "wrong_kind"
    REFUSED = "refused"
    WRONG_DESTINATION = "wrong_destination"
    WRONG_RECIPIENT = "wrong_recipient"
    WRONG_ISSUER = "wrong_issuer"
    WRONG_AUDIENCE = "wrong_audience"
    UNSOLICITED = "unsolicited"
    OTHER_SIGN_IN = "other_sign_in"
    SEVERAL_ASSERTIONS = "several_assertions"
    NO_ASSERTION = "no_assertion"
    UNSIGNED = "unsigned"
    UNSIGNED_ASSERTION = "unsigned_assertion"
    WRAPPED = "wrapped"
    ALGORITHM = "algorithm"
    TRANSFORM = "transform"
    BAD_SIGNATURE = "bad_signature"
    ENCRYPTION = "encryption"
    TOOK_TOO_LONG = "took_too_long"
    UNDECIPHERABLE = "undecipherable"
    ENCRYPTED_NAME = "encrypted_name"
    NO_BEARER = "no_bearer"
    CONDITION = "condition"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    REPLAYED = "replayed"
    LOGGED_OUT = "logged_out"
    NO_AUTHENTICATION = "no_authentication"
    SIGNED_IN_TOO_LONG_AGO = "signed_in_too_long_ago"
    TRANSIENT_NAME = "transient_name"
    NOT_PERSISTENT = "not_persistent"
    OTHER_QUALIFIER = "other_qualifier"
    SEVERAL_ADDRESSES = "several_addresses"


_OPERATOR: Final = "Ask your operator to change that at the provider:"
#: The rest of a sentence that begins with "What the provider sent".
_SENTENCES: Final[Mapping[SamlProblem, str]] = {
    SamlProblem.OVERSIZED: "is larger than any answer of a provider",
    SamlProblem.MALFORMED: "is no message of SAML's",
    SamlProblem.DOCTYPE: "has a document type or processing instructions, which no message of SAML's has",
    SamlProblem.WRONG_KIND: "is a message of another kind",
    SamlProblem.REFUSED: "says that it did not sign you in",
    SamlProblem.WRONG_DESTINATION: "is meant for another address (Destination)",
    SamlProblem.WRONG_RECIPIENT: "is meant for another address (Recipient)",
    SamlProblem.WRONG_ISSUER: "comes from another provider",
    SamlProblem.WRONG_AUDIENCE: "is meant for another application",
    SamlProblem.UNSOLICITED: "answers no question of ours: begin here, and not at the provider",
    SamlProblem.OTHER_SIGN_IN: "belongs to another sign-in, or to another browser",
    SamlProblem.SEVERAL_ASSERTIONS: "has more than one assertion",
    SamlProblem.NO_ASSERTION: "has no assertion",
    SamlProblem.UNSIGNED: "is not signed",
    SamlProblem.UNSIGNED_ASSERTION: "signs the response, and not the assertion in it. "
    f"{_OPERATOR} it must sign assertions",
    SamlProblem.WRAPPED: "has a signature that is not of what it stands in",
    SamlProblem.ALGORITHM: "is signed in a way that is not accepted. "
    f"{_OPERATOR} RSA or ECDSA with SHA-256 or longer, and exclusive canonicalization",
    SamlProblem.TRANSFORM: "is signed with transforms that are not accepted",
    SamlProblem.BAD_SIGNATURE: "is not signed by the provider: its metadata here may be older than its key",
    SamlProblem.ENCRYPTION: "is encrypted in a way that is not accepted. "
    f"{_OPERATOR} AES-GCM with RSA-OAEP, or no encryption of assertions",
    SamlProblem.TOOK_TOO_LONG: "took too long to verify, and was given up: try again in a minute, and if it lasts, ask "
    "your operator to look at the log",
    SamlProblem.UNDECIPHERABLE: "is encrypted for another key than ours: give the provider our metadata again",
    SamlProblem.ENCRYPTED_NAME: f"hides the name of the account. {_OPERATOR} it must not encrypt names (NameID)",
    SamlProblem.NO_BEARER: "confirms nobody who may bring it (bearer)",
    SamlProblem.CONDITION: "has a condition that is not known here",
    SamlProblem.EXPIRED: "has expired: the clocks of Gatepass and of the provider may differ",
    SamlProblem.NOT_YET_VALID: "is from the future: the clocks of Gatepass and of the provider differ",
    SamlProblem.REPLAYED: "came before, and counts once",
    SamlProblem.LOGGED_OUT: "is of a sign-in that has been signed out there since",
    SamlProblem.NO_AUTHENTICATION: "does not say when and how you signed in",
    SamlProblem.SIGNED_IN_TOO_LONG_AGO: "is of a sign-in that is too long ago",
    SamlProblem.TRANSIENT_NAME: "has a name for your account that is another each time (transient). "
    f"{_OPERATOR} persistent names, or addresses, as NameID",
    SamlProblem.NOT_PERSISTENT: f"has no lasting name for your account. {_OPERATOR} a NameID of the format persistent",
    SamlProblem.OTHER_QUALIFIER: "has a name for your account that is of another provider or for another application",
    SamlProblem.SEVERAL_ADDRESSES: "tells several e-mail addresses. Ask your operator to say in the policy which "
    "attribute counts (email_attribute)",
}


class InvalidSaml(Exception):
    """It proves nothing. The message is the end of a sentence about it, and holds nothing of it but a status."""

    def __init__(self, reason: SamlProblem, word: str | None = None) -> None:
        super().__init__(_SENTENCES[reason] + (f" ({word})" if word is not None else ""))
        self.reason = reason
        #: The provider's own word for a refusal, of letters.
        self.word = word
