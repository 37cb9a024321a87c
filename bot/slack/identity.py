"""Is this really one of our people? Slack's own facts about an account and a payload, checked. Pure.

Checked at every command and click, because accounts change while cards stand. A fact that is missing refuses. The one
exception is `is_stranger`, which Slack leaves out for everybody who is none (docs.slack.dev, user object).
"""

from collections.abc import Mapping
from typing import Any

FOREIGN = "You belong to another Slack workspace than this Gatepass."
_UNSURE = "Slack does not say enough about your account for Gatepass to rely on it ({}). Ask an administrator."


def user_id(body: Mapping[str, Any]) -> str:
    """Whose deed a payload is: commands carry `user_id`, interactions `user.id`, events `event.user`; else ""."""
    for holder, key in ((body, "user_id"), (_inner(body, "user"), "id"), (_inner(body, "event"), "user")):
        found = holder.get(key)
        if isinstance(found, str) and found:
            return found
        if isinstance(found, Mapping):
            return str(found.get("id") or "")
    return ""


def payload_refusal(body: Mapping[str, Any], team_id: str) -> str | None:
    """Why a payload is not from our workspace, as a sentence for the person; None if all of it is.

    Bolt passes clicks from foreign teams (Slack Connect) on unchanged.
    """
    if "user_id" in body or "event" in body:
        teams = [body.get("team_id")]
    else:
        teams = [_inner(body, "user").get("team_id"), _inner(body, "team").get("id")]
    for holder in (_inner(body, "channel"), _inner(body, "message"), _inner(body, "view")):
        teams += [holder[key] for key in ("team_id", "context_team_id", "app_installed_team_id") if key in holder]
    if any(team is None for team in teams):
        return _UNSURE.format("team")
    if any(team != team_id for team in teams):
        return FOREIGN
    return None


def account_refusal(account: Mapping[str, Any], team_id: str, *, reviewing: bool) -> str | None:
    """Why Slack's `users.info` forbids relying on this account, as a sentence; None if it does not.

    Guests (restricted accounts) may ask for what the policy lets them have, but review nothing.
    """
    if account.get("is_stranger") or account.get("team_id") != team_id:
        return FOREIGN
    forbidden = {
        "deleted": "Your Slack account is deactivated.",
        "is_bot": "Bots neither ask for access nor review it here.",
    }
    if reviewing:
        forbidden["is_restricted"] = "Guests of the workspace cannot review."
        forbidden["is_ultra_restricted"] = "Guests of the workspace cannot review."
    for flag, sentence in forbidden.items():
        if flag not in account:
            return _UNSURE.format(flag)
        if account[flag] is not False:
            return sentence
    if account.get("is_email_confirmed") is not True:
        return "Your Slack account's e-mail address is not confirmed. Confirm it in Slack, then try again."
    return None


def _inner(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = body.get(key)
    return found if isinstance(found, Mapping) else {}
