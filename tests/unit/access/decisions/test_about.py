"""What the policy says of a role, for its card."""

from access.decisions.about import About, about
from access.policy.policy import Policy
from support.bot.stage import policy_document


def described() -> Policy:
    document = policy_document()
    document["resources"]["payments-db"] |= {"description": "Card data of customers.", "tier": "prod"}
    document["masking"] = [{"name": "numbers", "columns": ["*.cards.number"]}]
    document["ticket"] = {"url": "https://tickets.example/browse/{ticket}?a=b"}
    return Policy.model_validate(document)


def test_a_role_is_told_with_what_is_masked_and_held() -> None:
    assert about(described(), "payments-db", "read", "INC-42") == About(
        description="Card data of customers.",
        tier="prod",
        masked_columns=("*.cards.number",),
        held=("ddl",),
        ticket_url="https://tickets.example/browse/INC-42?a=b",
    )


def test_a_ticket_stays_one_part_of_its_address() -> None:
    url = about(described(), "web-1", "deploy", "../x?y#z|<!channel> @a").ticket_url
    assert url == "https://tickets.example/browse/..%2Fx%3Fy%23z%7C%3C%21channel%3E%20%40a?a=b"


def test_what_is_no_longer_in_the_policy_is_told_by_nothing() -> None:
    assert about(described(), "payments-db", "gone", None) == About()
    assert about(described(), "gone", "read", None) == About()
