"""JSON web tokens (RFC 7519). The header is a JSON object, so that it begins with "eyJ" always.

A token may be longer than what a stream holds back: once its first part was replaced, the rest is discarded.
"""

import re

from access.policy.entities import Entity
from proxy.masking.detector import Detector
from proxy.masking.discard import Discard, DiscardRun
from proxy.masking.shaped import shaped

_rest = re.compile(rb"[A-Za-z0-9_.-]*")


def _goes_on(_token: bytes) -> Discard:
    return DiscardRun(_rest)


DETECTOR = Detector(
    Entity.JWT,
    shaped(
        Entity.JWT,
        rb"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.(?:eyJ|[A-Za-z0-9_-]{32}|[A-Za-z0-9_-]{4,}\.)[A-Za-z0-9_.-]*",
    ),
    hint=r"eyJ",
    waits=r"eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)*",
    goes_on=_goes_on,
)
