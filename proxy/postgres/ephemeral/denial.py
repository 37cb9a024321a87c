"""What a policy denies roles of a session to read: columns by their names, as masking rules name them. Pure."""

from collections.abc import Callable

from access.policy.document import ColumnAccess
from access.policy.policy import Policy
from proxy.masking.rules import Masker, MaskingRule


def denied_by(policy: Policy) -> Callable[[str], bool] | None:
    """Whether a column of this name is denied; None where no entry denies any."""
    if not policy.denies_columns():
        return None
    rules = [
        MaskingRule(name=entry.name, columns=tuple(entry.columns))
        for entry in policy.masking
        if entry.access is ColumnAccess.DENY
    ]
    masker = Masker(rules)
    return lambda name: masker.column_rule(name) is not None
