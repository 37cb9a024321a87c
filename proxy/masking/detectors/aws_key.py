"""AWS access keys. A key id is no secret alone, but says whose secret to look for; the secret is known by its label."""

from access.policy.entities import Entity
from proxy.masking.detector import Detector
from proxy.masking.shaped import shaped

DETECTOR = Detector(
    Entity.AWS_KEY,
    shaped(
        Entity.AWS_KEY,
        rb"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"
        rb"|(?i:secret_?(?:access_?)?key)[\"' \t:=>\\]{1,8}([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
    ),
    hint=r"AKIA|ASIA|(?i:secret_?(?:access_?)?key)",
    labels=("key",),
    waits=r"(?:AKIA|ASIA)[A-Z0-9]+",
)
