"""What makes an account special, in the words that the page shows; what Slack would not let it do, and we do."""

from slack_simulator.workspace.spec import Person, WorkspaceSpec


def kinds_of(person: Person, spec: WorkspaceSpec) -> list[str]:
    """The account's kinds, such as ["admin"]; empty for an ordinary member."""
    kinds = (
        (person.deleted, "deactivated"),
        (person.is_bot, "bot"),
        (person.is_stranger or person.team_id not in {None, spec.team_id}, "other organisation"),
        (person.is_ultra_restricted, "single-channel guest"),
        (person.is_restricted and not person.is_ultra_restricted, "guest"),
        (person.is_admin, "admin"),
        (not person.is_email_confirmed, "unconfirmed e-mail"),
    )
    return [words for is_so, words in kinds if is_so]


def notice_for(person: Person) -> str | None:
    """What to say to whoever acts as this account; None if Slack would let it act too."""
    if person.deleted:
        return (
            f"{person.real_name or person.name} is deactivated: Slack shows them nothing any more. What you do here "
            "reaches the app like a click that raced with the deactivation."
        )
    if person.is_bot:
        return f"{person.real_name or person.name} is a bot: in Slack nobody sits before it."
    return None
