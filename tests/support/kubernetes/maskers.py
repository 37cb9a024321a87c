"""Maskers for tests of Kubernetes objects."""

from access.policy.entities import Entity
from proxy.masking.rules import DEFAULT_RULES, Masker

PAN = "4111111111111111"
MASKED_PAN = "************1111"
#: Base64 of what stands for a value.
HIDDEN = "Kioq"


def masker() -> Masker:
    """What a session outside of a database has: e-mail addresses are left alone."""
    return Masker([rule for rule in DEFAULT_RULES if rule.entity is not Entity.EMAIL])
