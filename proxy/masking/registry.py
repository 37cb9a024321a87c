"""The list of detectors. What is not in it is not looked for and not held back at a cut."""

from access.policy.entities import Entity
from proxy.masking.detector import Detector
from proxy.masking.detectors import (
    aws_key,
    cvv,
    email,
    gatepass_token,
    github_token,
    iban,
    jwt,
    pan,
    password,
    phone,
    private_key,
    secret,
    ssn,
)

DETECTORS: dict[Entity, Detector] = {
    detector.entity: detector
    for detector in (
        pan.DETECTOR,
        cvv.DETECTOR,
        email.DETECTOR,
        aws_key.DETECTOR,
        github_token.DETECTOR,
        gatepass_token.DETECTOR,
        jwt.DETECTOR,
        private_key.DETECTOR,
        password.DETECTOR,
        secret.DETECTOR,
        phone.DETECTOR,
        iban.DETECTOR,
        ssn.DETECTOR,
    )
}


def prepare() -> None:
    """Have ready what is made at its first use, so that no session waits for it."""
    private_key.prepare()
