"""The Approve and Deny buttons, alike on every card, and the opaque value that they carry.

The value names the subject and the revision that the person saw, and nothing else: who may decide and what it means
are looked up at the click.
"""

import re
from dataclasses import dataclass
from uuid import UUID

from slack_sdk.models.blocks import ActionsBlock, ButtonElement, ConfirmObject

from access.visible import visible, visible_line
from bot.blocks.action_ids import Action, Row
from bot.blocks.message import actions, button, plain
from bot.blocks.text import clip
from storage.model import PostSubject

_CONFIRM_TEXT_LIMIT = 300
#: Of what was typed, in that text.
_QUOTED_LIMIT = 200
_VALUE = re.compile(r"(request|statement):([0-9a-f]{32}):([0-9]{1,9})\Z")


class UnreadableTarget(ValueError):
    """A button's value or a modal's metadata is not one of ours."""


@dataclass(frozen=True)
class Target:
    """What a click is about: a request or a held statement, as the person saw it at `revision`."""

    subject: PostSubject
    id: UUID
    revision: int

    def value(self) -> str:
        """For a button's `value` or a modal's `private_metadata`."""
        return f"{self.subject.value}:{self.id.hex}:{self.revision}"


def read_target(value: str) -> Target:
    """The reverse of `Target.value`. Raises UnreadableTarget."""
    found = _VALUE.match(value)
    if found is None:
        raise UnreadableTarget(f"not a target of ours: {len(value)} characters")
    return Target(PostSubject(found[1]), UUID(hex=found[2]), int(found[3]))


def decision_buttons(target: Target, *, asks: str, quoted: str = "") -> ActionsBlock:
    """Approve, which asks once more with `asks` (our own words), and Deny, which asks for a reason.

    `quoted` is what was typed that this is about: its beginning is asked with.
    """
    confirm = ConfirmObject(
        title=plain("Approve this?"),
        text=plain(_asked(asks, quoted)),
        confirm=plain("Approve"),
        deny=plain("Not now"),
    )
    approve = button("Approve", Action.APPROVE, target.value(), style="primary", confirm=confirm)
    return actions(Row.DECISION, [approve, _deny(target)], about=target.value())


def denial_button(target: Target) -> ActionsBlock:
    """Deny alone, where nobody is shown all that an approval would be of."""
    return actions(Row.DECISION, [_deny(target)], about=target.value())


def _deny(target: Target) -> ButtonElement:
    return button("Deny…", Action.DENY, target.value(), style="danger")


def _asked(asks: str, quoted: str) -> str:
    """Plain text, in which nothing typed means anything."""
    beginning = clip(visible(quoted.strip()), _QUOTED_LIMIT)
    return clip(f"{visible_line(asks)}\n{beginning}" if beginning else visible_line(asks), _CONFIRM_TEXT_LIMIT)
