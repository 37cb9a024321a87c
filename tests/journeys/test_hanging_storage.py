"""A storage that stops in the middle of traffic: nothing passes unrecorded, no process dies, service comes back."""

import asyncio
import contextlib

import pytest

from cli.demo.clients import Seen
from storage.model import EndReason
from storage.recordings import files
from support.children import line
from support.hanging import server_of, stopped
from support.journeys import OwnProduct, Product, Program

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: Far longer than anything here may take.
PATIENCE_S = 60
COUNT = "for n in $(seq 1 10000); do echo line-$n-end; sleep 0.05; done"


async def said(program: Program, event: str) -> None:
    """Wait until the process has logged it; one that has died never will."""
    assert program.process is not None
    async with asyncio.timeout(PATIENCE_S):
        while event not in await asyncio.to_thread(program.log.read_text):
            assert program.process.returncode is None, program.log.read_text()[-4000:]
            await asyncio.sleep(0.05)


async def recorded(product: Product, grant: str) -> str:
    """The recording of the session under the grant, whose chain is sound."""
    session = await product.ended(grant)
    assert session.end_reason is EndReason.STORAGE_LOST
    folder = files.session_folder(session.id, session.started_at)
    found = files.segments(product.settings.recordings, folder)
    files.check_chain(product.settings.recordings, found)
    return str(list(files.records(product.settings.recordings, [each.path for each in found])))


@pytest.mark.finding("M4")
async def test_a_storage_that_hangs_stops_sessions_and_no_process(own_product: OwnProduct) -> None:
    async with own_product() as product:
        sql, sql_grant = await product.granted("payments-db read 15m", "hanging psql")
        psql = await product.clients.start_psql("read@payments-db", sql, "-c", r"\echo up", "-c", "select pg_sleep(90)")
        assert b"up" in await line(psql.stdout)
        shell, shell_grant = await product.granted("web-1 deploy 15m", "hanging ssh")
        ssh = await product.clients.start_ssh("deploy@web-1", shell, COUNT)
        assert b"line-1-end" in await line(ssh.stdout)
        async with stopped(await server_of(product.dsn)):
            seen = [await asyncio.wait_for(product.clients.seen(child), PATIENCE_S) for child in (psql, ssh)]
            assert all("storage" in each.err and each.status != 0 for each in seen)
            refused = await product.clients.psql("read@payments-db", sql, "select 1")
            assert refused.status != 0
            assert "storage" in refused.err
            for program in (product.bot, product.proxy):
                await said(program, "audit_sequencer_waits_for_storage")
        assert "pg_sleep" in await recorded(product, sql_grant)
        recording = await recorded(product, shell_grant)
        lines = seen[1].out.split()
        assert lines
        assert not [each for each in lines if each not in recording], "what went out stands in the recording"
        await _gets_in_again(product, sql)
        await product.granted("payments-db read 15m", "after it answered again")
        assert all(each.process and each.process.returncode is None for each in (product.bot, product.proxy))


async def _gets_in_again(product: Product, token: str) -> None:
    seen: Seen | None = None
    async with asyncio.timeout(PATIENCE_S):
        while seen is None or seen.status != 0:
            with contextlib.suppress(TimeoutError):
                seen = await product.clients.psql("read@payments-db", token, "select 1")
