"""Maskers for tests of Kubernetes objects, and a body fed in pieces."""

from access.policy.entities import Entity
from proxy.kubernetes.objects.body import Body
from proxy.kubernetes.objects.object_masker import ObjectMasker
from proxy.masking.rules import DEFAULT_RULES, Masker

PAN = "4111111111111111"
MASKED_PAN = "************1111"
#: Base64 of what stands for a value.
HIDDEN = "Kioq"


def masker() -> Masker:
    """What a session outside of a database has: e-mail addresses are left alone."""
    return Masker([rule for rule in DEFAULT_RULES if rule.entity is not Entity.EMAIL])


def through_body(data: bytes, size: int = 1 << 30, objects: ObjectMasker | None = None) -> bytes:
    """`data` through one Body in pieces of `size`."""
    body = Body(objects or ObjectMasker(masker()))
    out: list[bytes] = []
    for at in range(0, len(data), size):
        body.feed(data[at : at + size])
        while body.waits:
            out.append(body.step())
    body.finish()
    while body.waits:
        out.append(body.step())
    return b"".join(out)
