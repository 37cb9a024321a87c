"""What the policy says of a role on a resource, for whoever decides about it. Pure."""

from dataclasses import dataclass

from access.policy.policy import Policy
from access.policy.shapes.roles import Role
from storage.model import VerdictKind


@dataclass(frozen=True)
class About:
    """What the policy in force says of what is asked for."""

    description: str = ""
    tier: str | None = None
    #: Columns that are masked beside what is masked everywhere, as the policy names them.
    masked_columns: tuple[str, ...] = ()
    #: Labels of statements that are held for review, and of those that are denied.
    held: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    #: Where the ticket is read.
    ticket_url: str | None = None


def about(policy: Policy, resource: str, role: str, ticket: str | None) -> About:
    """As of this policy; nothing but the ticket's address where it has no such role any more."""
    link = ticket_url(policy, ticket)
    known = policy.resources.get(resource)
    if known is None or role not in known.roles:
        return About(ticket_url=link)
    return About(
        description=known.description,
        tier=known.tier,
        masked_columns=tuple(column for entry in policy.masking for column in entry.columns),
        held=_labels(known.roles[role], VerdictKind.REVIEW),
        denied=_labels(known.roles[role], VerdictKind.DENY),
        ticket_url=link,
    )


def ticket_url(policy: Policy, ticket: str | None) -> str | None:
    """Where the policy says that a ticket is read; None: there is none, or it says nothing."""
    return policy.ticket.link(ticket) if policy.ticket is not None and ticket else None


def _labels(role: Role, verdict: VerdictKind) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label for rule in role.statements if rule.verdict is verdict for label in rule.match))
