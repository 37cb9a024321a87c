"""Short tokens of Gatepass's own (access.identity.credentials.short_token), by their prefix and length."""

from access.policy.entities import Entity
from proxy.masking.detector import Detector
from proxy.masking.shaped import shaped

DETECTOR = Detector(
    Entity.GATEPASS_TOKEN,
    shaped(Entity.GATEPASS_TOKEN, rb"(?<![A-Za-z0-9])gp1_[A-Za-z0-9]{49}"),
    hint=r"gp1_",
    waits=r"gp1_[A-Za-z0-9]*",
)
