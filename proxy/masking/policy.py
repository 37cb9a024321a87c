"""From a policy's masking entries to the Masker of one session. The built-in rules always hold; a policy only adds."""

from access.policy.policy import Policy
from proxy.masking.rules import DEFAULT_RULES, Entity, Masker, MaskingRule


def masker_for(policy: Policy) -> Masker:
    """A new Masker with this policy's rules in front of the built-in ones, so that its replacements count.

    Raises ValueError for an entity that does not exist; `gatepass check` and a reload refuse such a policy.
    """
    return Masker([*_added(policy), *DEFAULT_RULES])


def _added(policy: Policy) -> list[MaskingRule]:
    return [
        MaskingRule(
            name=entry.name,
            entity=Entity(entry.entity) if entry.entity is not None else None,
            columns=tuple(entry.columns),
            replacement=entry.replacement,
            show_last=entry.show_last,
        )
        for entry in policy.masking
    ]
