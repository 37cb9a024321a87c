"""Duplicate cards: they stand in Slack and storage does not know them, because their posting was never confirmed.

Slack may have posted a message although its answer never arrived (the connection broke, the process was killed), and
then the card is posted once more. Nothing can list the duplicate, but a tap on it says where it stands. The tap counts
like any other, and the duplicate is removed, because nobody would ever bring it up to date.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy import select
from sqlmodel import col

from bot.blocks.decision import Target
from bot.slack.client import CALL_ERRORS, Slack, error_code
from storage.database import Database
from storage.model import Post, PostPurpose

_log = structlog.get_logger(__name__)


class Duplicates:
    """Removes duplicates, one tap at a time."""

    def __init__(self, database: Database, slack: Slack) -> None:
        self._database = database
        self._slack = slack

    async def remove(self, body: Mapping[str, Any], target: Target) -> None:
        """Delete the tapped card if every card of its subject is known to stand elsewhere. Best effort.

        Raises StorageUnavailable.
        """
        container = body.get("container")
        if not isinstance(container, Mapping) or container.get("is_ephemeral"):
            return
        channel, ts = container.get("channel_id"), container.get("message_ts")
        if not isinstance(channel, str) or not isinstance(ts, str) or not await self._is_duplicate(target, channel, ts):
            return
        try:
            await self._slack.client.chat_delete(channel=channel, ts=ts)
        except CALL_ERRORS as problem:
            _log.warning("duplicate_card_not_removed", channel=channel, error=error_code(problem))
        else:
            _log.warning("duplicate_card_removed", channel=channel, subject=str(target.id))

    async def _is_duplicate(self, target: Target, channel: str, ts: str) -> bool:
        """A card that is being posted right now is not: where it stands is about to be known."""
        async with self._database.transaction() as transaction:
            cards = await transaction.scalars(
                select(Post).where(
                    col(Post.subject) == target.subject,
                    col(Post.subject_id) == target.id,
                    col(Post.purpose) == PostPurpose.CARD,
                )
            )
            known = [(card.channel, card.ts) for card in cards]
        return bool(known) and (None, None) not in known and (channel, ts) not in known
