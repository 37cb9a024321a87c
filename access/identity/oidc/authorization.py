"""The question to a provider, by way of somebody's browser, and the answer (OpenID Connect Core 3.1.2, RFC 9700). Pure.

The browser keeps one secret for each sign-in that it begins. State, nonce and code verifier are derived from it, so
nothing that would help anybody else stands in storage or in an address: who brings the answer must have the secret.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from access.identity.oidc.metadata import ProviderMetadata
from access.policy.shapes.providers import SCOPES

SECRET_BYTES: Final = 32
#: RFC 6749 sets no length; none of the providers' is near it.
MAX_CODE_CHARS: Final = 4_096


class AnswerProblem(StrEnum):
    """Why an answer is none to the question that was asked."""

    MALFORMED = "malformed"
    OTHER_SIGN_IN = "other_sign_in"
    OTHER_PROVIDER = "other_provider"
    REFUSED = "refused"


_SENTENCES: Final = {
    AnswerProblem.MALFORMED: "The answer of your sign-in could not be read. Sign in again.",
    AnswerProblem.OTHER_SIGN_IN: "This answer belongs to another sign-in, or to another browser. Sign in again.",
    AnswerProblem.OTHER_PROVIDER: "This answer comes from another provider than you were sent to. Sign in again.",
    AnswerProblem.REFUSED: "The provider did not sign you in",
}


class InvalidAnswer(Exception):
    """The message is for the person; `error` is the provider's own word, of letters and underscores, if it gave one."""

    def __init__(self, reason: AnswerProblem, error: str | None = None) -> None:
        sentence = _SENTENCES[reason]
        super().__init__(f"{sentence} ({error}). Sign in again." if error is not None else sentence)
        self.reason = reason
        self.error = error

    @classmethod
    def of_another_sign_in(cls) -> "InvalidAnswer":
        """For a browser that has begun none, or another one."""
        return cls(AnswerProblem.OTHER_SIGN_IN)


@dataclass(frozen=True)
class Attempt:
    """One sign-in that a browser has begun at one provider."""

    secret: bytes
    #: What the policy calls the provider; an answer by another provider's address has another state.
    provider: str

    @classmethod
    def begin(cls, provider: str) -> "Attempt":
        return cls(secrets.token_bytes(SECRET_BYTES), provider)

    @property
    def state(self) -> str:
        return self.derived("state")

    @property
    def nonce(self) -> str:
        return self.derived("nonce")

    @property
    def verifier(self) -> str:
        """Of PKCE: 43 characters (RFC 7636, 4.1)."""
        return self.derived("verifier")

    def question(
        self,
        metadata: ProviderMetadata,
        client_id: str,
        redirect_uri: str,
        *,
        scopes: Sequence[str] = SCOPES,
        max_age_s: int | None = None,
        prompt: str | None = None,
    ) -> str:
        """The address to send the browser to. `max_age_s` of 0 has the person prove themselves now."""
        challenge = hashlib.sha256(self.verifier.encode()).digest()
        asked: dict[str, str] = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(scopes),
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": _base64url(challenge),
            "code_challenge_method": "S256",
        }
        if max_age_s is not None:
            asked["max_age"] = str(max_age_s)
        if prompt is not None:
            asked["prompt"] = prompt
        endpoint = metadata.authorization_endpoint
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    def code(self, answer: Mapping[str, Sequence[str]], metadata: ProviderMetadata) -> str:
        """The code in the parameters of an answer, each with all its values. Raises InvalidAnswer.

        RFC 9207: a provider that names itself must have done so, and as the one that was asked (mix-up).
        """
        if any(len(answer.get(name, ())) > 1 for name in ("code", "state", "iss", "error")):
            raise InvalidAnswer(AnswerProblem.MALFORMED)
        code, state, issuer, error = (next(iter(answer.get(name, ())), None) for name in _ANSWERED)
        if state is None or not hmac.compare_digest(state.encode(), self.state.encode()):
            raise InvalidAnswer(AnswerProblem.OTHER_SIGN_IN)
        if issuer is None and metadata.names_itself:
            raise InvalidAnswer(AnswerProblem.OTHER_PROVIDER)
        if issuer is not None and issuer != metadata.issuer:
            raise InvalidAnswer(AnswerProblem.OTHER_PROVIDER)
        if error is not None:
            is_word = len(error) <= 64 and error.replace("_", "a").isalpha() and error.isascii()
            raise InvalidAnswer(AnswerProblem.REFUSED, error if is_word else "unknown error")
        if code is None or not 0 < len(code) <= MAX_CODE_CHARS or not (code.isascii() and code.isprintable()):
            raise InvalidAnswer(AnswerProblem.MALFORMED)
        return code

    def derived(self, what: str) -> str:
        """Something of this attempt that only who has its secret can say: 43 characters of base64url."""
        return _base64url(hmac.digest(self.secret, f"{what} {self.provider}".encode(), "sha256"))


_ANSWERED: Final = ("code", "state", "iss", "error")


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
