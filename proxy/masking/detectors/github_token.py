"""GitHub's tokens, of every kind, by their prefixes."""

from access.policy.entities import Entity
from proxy.masking.detector import Detector
from proxy.masking.shaped import shaped

DETECTOR = Detector(
    Entity.GITHUB_TOKEN,
    shaped(
        Entity.GITHUB_TOKEN,
        rb"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{22,255})",
    ),
    hint=r"gh[pousr]_|github_pat_",
    waits=r"gh[pousr]_[A-Za-z0-9]+|github_pat_[A-Za-z0-9_]+",
)
