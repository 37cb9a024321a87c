"""A new key: what a browser is asked, and what its answer proves (WebAuthn 7.1). Pure.

No attestation is asked for: which maker's key it is is not known, and nothing depends on it. That the key asks for a
PIN or a finger is proven by each of its answers, from this one on.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import webauthn
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from access.identity.webauthn.answer import Answer
from access.identity.webauthn.library import ALGORITHMS, verifying
from access.identity.webauthn.problems import InvalidTouch, TouchProblem
from access.identity.webauthn.relying_party import NAME, RelyingParty

#: Browsers answer "none" where none was asked for, and "packed" where a key signs with itself.
_FORMATS: Final = frozenset({"none", "packed"})
#: WebAuthn 5.8.4, and what is to come; what a browser invents is kept from the page of others.
_TRANSPORTS: Final = frozenset({"usb", "nfc", "ble", "smart-card", "hybrid", "internal"})


@dataclass(frozen=True)
class NewKey:
    """What is kept of a key."""

    credential_id: bytes
    #: COSE_Key.
    public_key: bytes
    sign_count: int
    aaguid: str
    transports: tuple[str, ...]
    backup_eligible: bool
    backed_up: bool


def question(
    site: RelyingParty,
    challenge: bytes,
    *,
    user: bytes,
    name: str,
    known: Sequence[bytes],
    timeout_ms: int,
) -> dict[str, Any]:
    """PublicKeyCredentialCreationOptionsJSON. `user` is an id of 64 bytes at most that says nothing of the person;
    `known` are the credentials that they have, which a browser does not make again.
    """
    options = webauthn.generate_registration_options(
        rp_id=site.id,
        rp_name=NAME,
        user_id=user,
        user_name=name,
        user_display_name=name,
        challenge=challenge,
        timeout=timeout_ms,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        supported_pub_key_algs=list(ALGORITHMS),
    )
    return json.loads(webauthn.options_to_json(options))


def verify(site: RelyingParty, answer: Answer, challenge_hash: bytes) -> NewKey:
    """The key, from an answer to the challenge with this SHA-256. Raises InvalidTouch."""
    answer.check_is_of(challenge_hash)
    with verifying():
        proven = webauthn.verify_registration_response(
            credential=dict(answer.document),
            expected_challenge=answer.challenge,
            expected_rp_id=site.id,
            expected_origin=site.origin,
            require_user_verification=True,
            supported_pub_key_algs=list(ALGORITHMS),
        )
    if proven.fmt not in _FORMATS or proven.credential_id != answer.credential_id:
        raise InvalidTouch(TouchProblem.INVALID)
    said = answer.document["response"].get("transports")
    return NewKey(
        credential_id=proven.credential_id,
        public_key=proven.credential_public_key,
        sign_count=proven.sign_count,
        aaguid=proven.aaguid,
        transports=tuple(sorted(_TRANSPORTS.intersection(map(str, said)))) if isinstance(said, list) else (),
        backup_eligible=proven.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        backed_up=proven.credential_backed_up,
    )
