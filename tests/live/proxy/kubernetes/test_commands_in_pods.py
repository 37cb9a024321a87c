"""exec and attach: both streams and the exit code, masked, judged, recorded, and cut with the access."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from access.context import Access
from access.grants import grants
from storage.model import Principal
from support.children import PATIENCE_S
from support.kubernetes.api_server import ApiServer
from support.kubernetes.client import MakeClient, finished


async def test_streams_stay_apart_and_the_exit_code_is_the_commands(client: MakeClient) -> None:
    ran = await (await client()).run("sh", "-c", "echo out; echo err >&2; exit 4")
    assert (ran.stdout, ran.stderr, ran.exit_code) == (b"out\n", b"err\n", 4)


async def test_input_and_its_end_reach_the_command(client: MakeClient) -> None:
    ran = await (await client()).run("cat", given=b"to and fro\n")
    assert (ran.stdout, ran.exit_code) == (b"to and fro\n", 0)


async def test_output_is_masked_wherever_it_is_cut(client: MakeClient) -> None:
    ran = await (await client()).run("sh", "-c", "printf 41111111; printf '11111111 4'; printf 111111111111111")
    assert b"4111111111111111" not in ran.stdout
    assert ran.stdout.count(b"1111") >= 2


@pytest.mark.parametrize("size", [100, 3_000_000])
async def test_bytes_pass_unaltered_to_their_last(client: MakeClient, size: int) -> None:
    """Much of it is under way when the server has closed."""
    ran = await (await client()).run("head", "-c", str(size), "/dev/zero")
    assert (len(ran.stdout), ran.exit_code) == (size, 0)


async def test_a_rule_denies_a_command_with_a_sentence(client: MakeClient, cluster: ApiServer) -> None:
    ran = await (await client("guarded")).run("sh", "-c", "echo a; rm -rf /tmp/x")
    assert (ran.stdout, ran.exit_code) == (b"", 126)
    assert ran.stderr == b"gatepass: No rm here. (rule no-rm)\r\n"
    assert cluster.asked == []


async def test_a_transfer_needs_a_role_that_takes_them(client: MakeClient, cluster: ApiServer) -> None:
    ran = await (await client("no-files")).run("tar", "cf", "-", "/etc/hostname")
    assert ran.exit_code == 126
    assert b"moves no files" in ran.stderr
    assert cluster.asked == []


async def test_what_runs_where_is_on_record(client: MakeClient, recorded: Any) -> None:
    await (await client()).run("sh", "-c", "echo 4111111111111111; exit 3")
    events = await recorded()
    opened, closed = (json.loads(event[2]) for event in events if event[1] == "c")
    where = {"cluster": "staging", "namespace": "prod", "pod": "web", "container": "", "type": "exec"}
    assert where.items() <= opened.items()
    assert opened["argv"] == ["sh", "-c", "echo ************1111; exit 3"]
    assert closed["exit_code"] == 3
    assert "".join(event[2] for event in events if event[1] == "o") == "************1111\n"


async def test_a_refusal_of_the_server_is_the_clients(client: MakeClient) -> None:
    alice = await client()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with alice.exec("ls", pod="refused"):
            pass
    assert refused.value.status == 403


async def test_a_revocation_cuts_a_command_and_says_so(client: MakeClient, access: Access) -> None:
    alice = await client()
    async with alice.exec("sleep", "600") as socket:
        await asyncio.sleep(0)
        async with access.database.transaction() as transaction:
            holder = await transaction.get_one(Principal, alice.grant.principal_id)
        await grants.revoke(access, alice.grant.id, by=holder, reason_typed="enough")
        async with asyncio.timeout(PATIENCE_S):
            ran = await finished(socket)
    assert ran.exit_code == 126
    assert ran.stderr.startswith(b"gatepass: ")


async def test_the_deadline_cuts_a_command(client: MakeClient) -> None:
    alice = await client(duration_s=2)
    async with alice.exec("sleep", "600") as socket:
        ran = await finished(socket)
    assert ran.exit_code == 126
    assert b"This access ended at" in ran.stderr


@pytest.mark.parametrize("protocol", ["v4.channel.k8s.io", "SPDY/3.1+portforward.k8s.io"])
async def test_no_port_is_forwarded_by_whatever_protocol(client: MakeClient, cluster: ApiServer, protocol: str) -> None:
    alice = await client()
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    headers = {
        **alice.bearer,
        **upgrade,
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Protocol": protocol,
    }
    answered = await alice.ask("/api/v1/namespaces/prod/pods/web/portforward?ports=5432", headers=headers)
    assert (answered.status, "forwards no ports" in answered.message) == (403, True)
    assert cluster.asked == []
