"""What somebody reads when something of their own changed: a security key, or whose their Slack account is. Pure.

Each says what happened, and what to do if that was not them.
"""

import base64
from datetime import datetime

from bot.blocks.action_ids import Action, Row
from bot.blocks.message import Message, actions, context, link_button, section
from bot.blocks.text import code, moment, typed
from storage.model import KeyEnd, SecurityKey, SshKey

_NAME_LIMIT = 64
_ENDINGS = {
    KeyEnd.REMOVED: "You ended it, with a touch.",
    KeyEnd.CLONED: "It counted backwards, as a copy of it would. *Tell your operators now.*",
    KeyEnd.OPERATOR: "An operator of Gatepass ended it for you. *If you did not ask for that, tell them now.*",
    KeyEnd.LEFT: "The policy names you no longer, or gives you another account.",
}
_NOT_ME = "Was it not you? Sign out everywhere on Gatepass's pages, end the key there, and tell your operators."


def render_key_notice(key: SecurityKey, pages: str) -> Message:
    """As the key stands now. `pages` is the address of our pages; empty: no button."""
    called = f"*{typed(key.name, _NAME_LIMIT)}*"
    if key.ended_at is None or key.end_reason is None:
        text = f":key: The security key {called} was added to your account, {moment(key.created_at)}."
    else:
        ended = f"counts no more, {moment(key.ended_at)}. {_ENDINGS[key.end_reason]}"
        text = f":no_entry: Your security key {called} {ended}"
    return _notice(text, _NOT_ME, "Security keys", f"{pages}/keys" if pages else "")


def render_ssh_key_notice(key: SshKey, pages: str) -> Message:
    """Likewise, of a key that ssh lets itself in with."""
    called = f"*{typed(key.name, _NAME_LIMIT)}*"
    if key.ended_at is None or key.end_reason is None:
        fingerprint = base64.b64encode(key.fingerprint).rstrip(b"=").decode()
        text = f":key: The SSH key {called} was added to your account, {moment(key.created_at)}: "
        text += f"{code(key.kind)} {code(f'SHA256:{fingerprint}')}."
    else:
        why = _ENDINGS[key.end_reason].replace(", with a touch", "")
        text = f":no_entry: Your SSH key {called} counts no more, {moment(key.ended_at)}. {why}"
    return _notice(text, _NOT_ME, "SSH keys", f"{pages}/ssh-keys" if pages else "")


def render_linked(name: str, at: datetime, pages: str) -> Message:
    """For a Slack account that was linked to `name`. `pages` as above."""
    text = (
        f":link: This Slack account is *linked to {code(name)}* since {moment(at)}: what you ask and approve here is "
        f"{code(name)}'s. Try `/access list`."
    )
    not_me = f"Are you not {code(name)}, or was it not you? Unlink it on *My access*, and tell your operators."
    return _notice(text, not_me, "My access", pages)


def _notice(text: str, not_me: str, title: str, page: str) -> Message:
    there = [actions(Row.STEP_UP, [link_button(title, Action.OPEN_PAGE, page)])] if page else []
    return Message(text=text, blocks=(section(text), *there, context(not_me)))
