"""From a Post to the message that it should be now. Reads storage, renders, sends nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.context import Access
from bot.blocks.digest import render_digest
from bot.blocks.message import Message
from bot.blocks.notices import render_key_notice, render_linked, render_ssh_key_notice
from bot.blocks.reply import render_reply, render_superseded
from bot.blocks.request import render_card
from bot.blocks.statement import render_statement
from bot.facts.digests import digested_request, read_digest
from bot.facts.facts import RequestFacts
from bot.facts.reading import Reader
from storage import outbox
from storage.model import Post, PostPurpose, PostSubject, Principal, SecurityKey, SlackLink, SshKey


@dataclass(frozen=True)
class Rendered:
    """A message, and whether it should be posted below the one that stands, so that the person is notified."""

    message: Message
    anew: bool = False
    #: What the older message becomes then.
    superseded: Message | None = None


class Messages:
    """Renders posts as of now."""

    def __init__(self, access: Access, reader: Reader) -> None:
        self._database = access.database
        self._pages = access.pages
        self._reader = reader

    async def render(self, post: Post) -> Rendered | None:
        """None if the subject is no more. Raises StorageUnavailable."""
        async with self._database.transaction() as transaction:
            match post.subject, post.purpose:
                case PostSubject.REQUEST, PostPurpose.REPLY:
                    return await self._reply(transaction, post)
                case _, PostPurpose.DIGEST:
                    request_id = await digested_request(transaction, post)
                    digest = await read_digest(self._reader, transaction, request_id)
                    return None if digest is None else Rendered(render_digest(digest))
                case PostSubject.LINK, _:
                    return await self._linked(transaction, post)
                case PostSubject.SECURITY_KEY, _:
                    key = await transaction.get(SecurityKey, post.subject_id)
                    return None if key is None else self._notice(post, key)
                case PostSubject.SSH_KEY, _:
                    ssh_key = await transaction.get(SshKey, post.subject_id)
                    return None if ssh_key is None else self._notice(post, ssh_key)
                case PostSubject.STATEMENT, _:
                    statement = await self._reader.statement(transaction, post.subject_id)
                    return None if statement is None else Rendered(render_statement(statement))
                case _:
                    request = await self._reader.request(transaction, post.subject_id)
                    return None if request is None else Rendered(render_card(request))

    async def thread_ts(self, post: Post) -> str | None:
        """The message in whose thread this post belongs, if it stands in the same place."""
        if post.thread_of is None:
            return None
        async with self._database.transaction() as transaction:
            parent = await transaction.get(Post, post.thread_of)
        return parent.ts if parent is not None and parent.address == post.address else None

    async def open_posts(self) -> list[Post]:
        """Cards that ask for a decision, wherever they stand."""
        async with self._database.transaction() as transaction:
            ids = await outbox.open_posts(transaction)
            found = await transaction.scalars(select(Post).where(col(Post.id).in_(ids)))
            return list(found)

    async def want_again(self, post: Post) -> None:
        """Make this one post due. Raises StorageUnavailable."""
        async with self._database.transaction() as transaction:
            await outbox.enqueue(
                transaction, post.subject, post.subject_id, post.purpose, post.address, thread_of=post.thread_of
            )

    def _notice(self, post: Post, key: SecurityKey | SshKey) -> Rendered:
        """That a key has ended is a message of its own: nobody is notified of an update."""
        is_ssh = isinstance(key, SshKey)
        message = render_ssh_key_notice(key, self._pages) if is_ssh else render_key_notice(key, self._pages)
        return Rendered(message, anew=post.ts is not None and key.ended_at is not None)

    async def _reply(self, transaction: AsyncSession, post: Post) -> Rendered | None:
        facts = await self._reader.request(transaction, post.subject_id)
        if facts is None:
            return None
        message = render_reply(facts, trouble=await self._trouble(transaction, post, facts))
        if post.ts is None or not is_news(facts, post.ts):
            return Rendered(message)
        return Rendered(message, anew=True, superseded=render_superseded(facts))

    async def _linked(self, transaction: AsyncSession, post: Post) -> Rendered | None:
        link = await transaction.get(SlackLink, post.subject_id)
        owner = await transaction.get(Principal, link.principal_id) if link is not None else None
        if link is None or owner is None or link.used_at is None:
            return None
        return Rendered(render_linked(owner.name, link.used_at, self._pages))

    async def _trouble(self, transaction: AsyncSession, post: Post, facts: RequestFacts) -> str:
        """Why the card could not be posted in its channel, if so; a sentence of `bot.posts.notifier`'s."""
        if facts.request.channel is None:
            return ""
        card = await outbox.find(
            transaction, PostSubject.REQUEST, post.subject_id, PostPurpose.CARD, facts.request.channel
        )
        return card.last_error if card is not None and card.ts is None and card.last_error.endswith(".") else ""


def is_news(facts: RequestFacts, ts: str) -> bool:
    """Whether a decision or a revocation came after the message at `ts` was posted.

    Slack notifies nobody of an update, so such news is a message of its own. A message's ts is the time of its posting.
    """
    told_at = datetime.fromtimestamp(float(ts), UTC)
    moments = [facts.request.decided_at, facts.grant.revoked_at if facts.grant else None]
    return any(moment is not None and moment > told_at for moment in moments)
