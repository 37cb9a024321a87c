"""What somebody may ask for, in the words of the form. Pure."""

from access.policy.policy import Offer, Policy
from access.policy.values.duration import format_duration
from bot.blocks.request_form import Choice
from storage.model import Decision


def choices_of(policy: Policy, person: str) -> list[Choice]:
    """Everything that the policy does not deny them, with its terms."""
    return [Choice(offer.resource, offer.role, terms(policy, offer)) for offer in policy.what_may(person)]


def terms(policy: Policy, offer: Offer) -> str:
    """`reviewed by db-oncall, at most 1h`."""
    requirement = offer.requirement
    limit = f"at most {format_duration(requirement.maximum_s)}"
    if requirement.decision is Decision.AUTOMATIC:
        return f"granted at once, {limit}"
    rule = next((one for one in policy.policy if one.name == requirement.rule), None)
    named = " or ".join(rule.reviewers) if rule else ""
    count = f"{requirement.quorum} of " if requirement.quorum > 1 else ""
    return f"reviewed by {count}{named}, {limit}" if named else f"reviewed, {limit}"
