"""A touch of a key that is known: what a browser is asked, and what its answer proves (WebAuthn 7.2). Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import webauthn
from webauthn.helpers.structs import (
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    UserVerificationRequirement,
)

from access.identity.webauthn.answer import Answer
from access.identity.webauthn.library import verifying
from access.identity.webauthn.problems import InvalidTouch, TouchProblem
from access.identity.webauthn.relying_party import RelyingParty


@dataclass(frozen=True)
class Touched:
    """What a touch proved, its counter compared."""

    sign_count: int
    user_verified: bool
    backed_up: bool


def question(
    site: RelyingParty, challenge: bytes, *, known: Mapping[bytes, Sequence[str]], timeout_ms: int
) -> dict[str, Any]:
    """PublicKeyCredentialRequestOptionsJSON. `known` are the person's credentials, each with its transports."""
    allowed = [
        PublicKeyCredentialDescriptor(id=each, transports=[AuthenticatorTransport(way) for way in ways] or None)
        for each, ways in known.items()
    ]
    options = webauthn.generate_authentication_options(
        rp_id=site.id,
        challenge=challenge,
        timeout=timeout_ms,
        allow_credentials=allowed,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return json.loads(webauthn.options_to_json(options))


def verify(
    site: RelyingParty, answer: Answer, challenge_hash: bytes, *, public_key: bytes, sign_count: int, user: bytes
) -> Touched:
    """What the touch proves, of an answer to the challenge with this SHA-256. `sign_count` is the key's as of its last
    one, `user` whom it was made for.

    Raises InvalidTouch; CLONED only of an answer that the key did sign, so that nobody else can say so of a key.
    """
    answer.check_is_of(challenge_hash)
    if answer.user_handle is not None and answer.user_handle != user:
        raise InvalidTouch(TouchProblem.OTHER_KEY)
    with verifying():
        proven = webauthn.verify_authentication_response(
            credential=dict(answer.document),
            expected_challenge=answer.challenge,
            expected_rp_id=site.id,
            expected_origin=site.origin,
            credential_public_key=public_key,
            # The library compares counters before it looks at the signature: it is done below, after it.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    if (proven.new_sign_count or sign_count) and proven.new_sign_count <= sign_count:
        raise InvalidTouch(TouchProblem.CLONED)
    return Touched(proven.new_sign_count, proven.user_verified, proven.credential_backed_up)
