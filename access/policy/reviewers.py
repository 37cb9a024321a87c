"""Who may decide about others, and who may not: the one rule, used for requests, statements and revocations. Pure.

Nobody decides on their own, by any identity: principals are compared, and the accounts they came by as well.
"""

from collections.abc import Collection

from access.policy.policy import Policy
from storage.model import Grant, Principal, PrincipalKind


def may_review(
    reviewer: Principal,
    requester: Principal,
    reviewers: Collection[str],
    what: str,
    *,
    account: str | None = None,
    asked_by: str | None = None,
    suspended: bool = False,
) -> str | None:
    """Why `reviewer` may not decide on `what`, as a sentence for them; None: they may.

    `reviewers` are the names that the policy in force allows. `account` is the reviewer's Slack account now, `asked_by`
    the one that asked, as team/member: one account is one human, whoever it belonged to then. `suspended`: Slack said
    of the reviewer's account that it may not decide about others.
    """
    if reviewer.disabled_at is not None:
        return "You are no longer in Gatepass's policy, so you cannot review."
    if suspended:
        return "Your Slack account is deactivated, or a guest's, by what Slack last said, so you cannot review."
    if reviewer.id == requester.id:
        return f"This is your own {what}: somebody else must review it."
    if account is not None and account == asked_by:
        return f"Your Slack account asked for this {what} itself, when it was {requester.name}'s."
    if reviewer.kind is not PrincipalKind.HUMAN:
        return f"{reviewer.name} is an agent: only people review."
    if reviewer.name not in reviewers:
        who = ", ".join(sorted(reviewers)) or "nobody at the moment"
        return f"The policy does not let you review this {what}. Who may: {who}."
    return None


def may_revoke(policy: Policy, revoker: Principal, holder: Principal, grant: Grant) -> str | None:
    """Why `revoker` may not end this grant; None: they may, as its holder or as a reviewer of what it opens."""
    if revoker.disabled_at is not None:
        return "You are no longer in Gatepass's policy, so you cannot revoke."
    if revoker.id == holder.id:
        return None
    if revoker.kind is PrincipalKind.HUMAN and revoker.name in revokers(policy, holder.name, grant):
        return None
    return f"Only {holder.name} and the reviewers of {grant.resource} {grant.role} may revoke this access."


def revokers(policy: Policy, holder: str, grant: Grant) -> frozenset[str]:
    """Names of those who may end this grant of somebody else's: the reviewers of the rule that gives it now."""
    rule = policy.rule_for(holder, grant.resource, grant.role)
    return policy.reviewers(rule.reviewers) - {holder} if rule is not None else frozenset()
