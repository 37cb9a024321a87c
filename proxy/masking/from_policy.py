"""From a policy's masking entries to the Masker of one session. The built-in rules always hold; a policy only adds."""

from access.policy.policy import Policy
from proxy.masking.rules import DEFAULT_RULES, Masker, MaskingRule


def masker_for(policy: Policy) -> Masker:
    """A new Masker with this policy's rules in front of the built-in ones, so that its replacements count."""
    return Masker([*_added(policy), *DEFAULT_RULES])


def _added(policy: Policy) -> list[MaskingRule]:
    return [
        MaskingRule(
            name=entry.name,
            entity=entry.entity,
            columns=tuple(entry.columns),
            replacement=entry.replacement,
            show_last=entry.show_last,
        )
        for entry in policy.masking
    ]
