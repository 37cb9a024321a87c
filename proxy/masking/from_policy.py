"""From a policy's masking entries to the Masker of one session. The built-in rules always hold; a policy only adds.

E-mail addresses are the exception: in a database they are somebody's data, on a host most of what looks like one is a
name (`user@1000.service`). There they are masked where an entry without columns says `entity: email`.
"""

from access.policy.entities import Entity
from access.policy.policy import Policy
from proxy.masking.rules import DEFAULT_RULES, Masker, MaskingRule
from storage.model import Protocol


def masker_for(policy: Policy, protocol: Protocol) -> Masker:
    """A new Masker with this policy's rules in front of the built-in ones, so that its replacements count."""
    added = _added(policy)
    if protocol is Protocol.POSTGRES:
        return Masker([*added, *DEFAULT_RULES])
    asked = [rule for rule in added if rule.entity is not Entity.EMAIL or not rule.columns]
    return Masker([*asked, *(rule for rule in DEFAULT_RULES if rule.entity is not Entity.EMAIL)])


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
