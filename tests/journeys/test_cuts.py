"""Deadlines, revocations, crashes and lost storage: every session ends as it must, in whichever process it lives."""

import asyncio
import contextlib

import asyncpg
import pytest
from sqlalchemy import select
from sqlmodel import col

from cli.demo.clients import Seen
from proxy.postgres.ephemeral.sweeper import SWEEP_S
from storage.embedded.server import Embedded
from storage.model import EndReason, Post, PostPurpose, PostSubject
from storage.recordings import files
from support.children import line
from support.journeys import OwnProduct, Product

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: Far longer than any cut may take; a test that waits so long fails.
PATIENCE_S = 30


async def live_pair(
    product: Product, marker: str, duration: str = "15m"
) -> tuple[list[asyncio.subprocess.Process], list[str]]:
    """A psql and an ssh in the middle of something, and their grants."""
    sql, sql_grant = await product.granted(f"payments-db read {duration}", f"{marker} psql")
    psql = await product.clients.start_psql("read@payments-db", sql, "-c", r"\echo up", "-c", "select pg_sleep(60)")
    assert b"up" in await line(psql.stdout)
    shell, shell_grant = await product.granted(f"web-1 deploy {duration}", f"{marker} ssh")
    ssh = await product.clients.start_ssh("deploy@web-1", shell, "echo up; sleep 60")
    assert b"up" in await line(ssh.stdout)
    return [psql, ssh], [sql_grant, shell_grant]


async def cut(product: Product, children: list[asyncio.subprocess.Process]) -> list[Seen]:
    return [await asyncio.wait_for(product.clients.seen(child), PATIENCE_S) for child in children]


async def test_revoking_cuts_live_sessions_in_another_process(product: Product) -> None:
    children, grants = await live_pair(product, "revoked")
    for grant in grants:
        await product.people.revoke("alice", grant, "done early")
    for seen in await cut(product, children):
        assert "revoked" in seen.err
        assert seen.status != 0
    for grant in grants:
        assert (await product.ended(grant)).end_reason is EndReason.REVOKED


async def test_a_deadline_cuts_live_sessions(product: Product) -> None:
    children, grants = await live_pair(product, "deadline", "12s")
    for seen in await cut(product, children):
        assert "This access ended" in seen.err
        assert seen.status != 0
    for grant in grants:
        assert (await product.ended(grant)).end_reason is EndReason.EXPIRED


async def test_a_token_of_a_revoked_grant_opens_nothing(product: Product) -> None:
    token, grant = await product.granted("payments-db read 15m", "revoked before use")
    await product.people.revoke("alice", grant, "not needed")
    await product.people.card("not needed")
    seen = await product.clients.psql("read@payments-db", token, "select 1")
    assert "revoked" in seen.err
    assert seen.status != 0


async def test_a_killed_proxy_leaves_a_closed_session_a_readable_recording_and_one_digest(
    own_product: OwnProduct,
) -> None:
    async with own_product() as product:
        children, grants = await live_pair(product, "killed")
        await product.proxy.kill()
        await cut(product, children)
        await product.proxy.start()
        for grant in grants:
            session = await product.ended(grant)
            assert session.end_reason is EndReason.INTERRUPTED
            assert sum(session.statements.values()) >= 1
            folder = files.session_folder(session.id, session.started_at)
            found = files.segments(product.settings.recordings, folder)
            files.check_chain(product.settings.recordings, found)
            records = list(files.records(product.settings.recordings, [each.path for each in found]))
            assert "sleep" in str(records)
            digest = await product.people.card(f"sessions replay {session.id.hex[:8]}")
            assert "interrupted" in digest["plain"] + digest["text"]
        await product.bot.stop()
        await product.bot.start()
        await _digests_are_posted_once(product, 2)


async def test_a_killed_proxy_leaves_no_role_behind_once_another_one_serves(own_product: OwnProduct) -> None:
    """The role is there when nobody could drop it, lets nobody in, and goes with the first sweeps."""
    async with own_product() as product:
        token, grant = await product.granted("payments-db support 15m", "killed in the middle")
        psql = await product.clients.start_psql(
            "support@payments-db", token, "-c", r"\echo up", "-c", "select pg_sleep(600)"
        )
        assert b"up" in await line(psql.stdout)
        [name] = await _roles_of_sessions(product)
        await product.proxy.kill()
        await cut(product, [psql])
        assert await _roles_of_sessions(product) == [name]
        await product.proxy.start()
        session = await product.ended(grant)
        assert name == f"gp_alice_{session.id.hex}"
        async with asyncio.timeout(2 * SWEEP_S + PATIENCE_S):
            while await _roles_of_sessions(product):
                await asyncio.sleep(0.2)
        log = product.around.database.log.read_text(errors="replace")
        assert f"[{name}/gatepass:alice:{session.id}]" in log


async def _roles_of_sessions(product: Product) -> list[str]:
    database = product.around.database
    admin = await asyncpg.connect(
        host=database.host,
        port=database.port,
        user="app_owner",
        password=database.admin_password.get_secret_value(),
        database=database.database,
    )
    try:
        return [row[0] for row in await admin.fetch(r"SELECT rolname FROM pg_roles WHERE rolname LIKE 'gp\_%'")]
    finally:
        await admin.close()


async def _digests_are_posted_once(product: Product, count: int) -> None:
    digests = [
        message for message in await product.slack.messages("incidents", "bob") if "sessions replay" in message["plain"]
    ]
    assert len(digests) == count
    async with product.database.transaction() as transaction:
        posts = await transaction.scalars(
            select(Post).where(
                col(Post.subject) == PostSubject.REQUEST,
                col(Post.purpose) == PostPurpose.DIGEST,
                col(Post.ts).is_not(None),
            )
        )
        assert len(posts.all()) == count


async def test_sessions_end_when_storage_goes_and_the_service_recovers_when_it_returns(own_product: OwnProduct) -> None:
    async with own_product() as product:
        children, grants = await live_pair(product, "storage")
        embedded = Embedded(product.settings.home / "postgres")
        cluster = embedded._cluster  # pyright: ignore[reportPrivateUsage]
        await asyncio.to_thread(cluster.stop)
        for seen in await cut(product, children):
            assert "storage" in seen.err
            assert seen.status != 0
        token = product.tokens[0]
        refused = await product.clients.psql("read@payments-db", token, "select 1")
        assert refused.status != 0
        await asyncio.to_thread(cluster.start)
        for grant in grants:
            assert (await product.ended(grant)).end_reason is EndReason.STORAGE_LOST
        seen = None
        async with asyncio.timeout(PATIENCE_S):
            while seen is None or seen.status != 0:
                with contextlib.suppress(TimeoutError):
                    seen = await product.clients.psql("read@payments-db", token, "select 1")
        await product.granted("payments-db read 15m", "after the storage returned")
