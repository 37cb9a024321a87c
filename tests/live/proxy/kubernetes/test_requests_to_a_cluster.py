"""Requests through the door: who asks, what passes, what is refused, what is masked, and what is on record."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from access.context import Access
from access.grants import grants
from proxy.kubernetes.visits import Limits
from proxy.sessions.gateway import Gateway
from storage.model import Principal, Session
from support.children import PATIENCE_S
from support.kubernetes.api_server import ApiServer
from support.kubernetes.client import MakeClient

PODS = "/api/v1/namespaces/prod/pods"
NOTHING_TO_HIDE: dict[str, Any] = {
    "kind": "PodList",
    "apiVersion": "v1",
    "metadata": {"resourceVersion": "1"},
    "items": [{"metadata": {"name": "web", "namespace": "prod"}, "spec": {"nodeName": "node-1"}}],
}


async def test_a_request_is_asked_in_the_name_of_its_person(client: MakeClient, cluster: ApiServer) -> None:
    cluster.answers[PODS] = NOTHING_TO_HIDE
    alice = await client()
    answered = await alice.ask(PODS + "?limit=500")
    assert (answered.status, answered.json) == (200, NOTHING_TO_HIDE)
    [asked] = cluster.asked
    assert (asked.method, asked.target) == ("GET", PODS + "?limit=500")
    assert asked.all("authorization") == ["Bearer the-gateways-own"]
    assert asked.all("impersonate-user") == ["gatepass:alice"]
    assert asked.all("impersonate-group") == ["gatepass:ops", "gatepass:extra"]
    assert asked.all("impersonate-extra-gatepass.dev%2fgrant") == [str(alice.grant.id)]
    assert asked.all("impersonate-uid") == [str(alice.grant.principal_id)]


async def test_what_hides_nothing_is_the_servers_own_bytes(client: MakeClient, cluster: ApiServer) -> None:
    cluster.answers[PODS] = json.dumps(NOTHING_TO_HIDE, indent=3).encode() + b"\n"
    assert (await (await client()).ask(PODS)).body == cluster.answers[PODS]


@pytest.mark.parametrize(
    "header",
    ["Impersonate-User", "impersonate-group", "IMPERSONATE-EXTRA-scopes", "Impersonate_User", "Impersonate-Uid"],
)
async def test_nobody_asks_as_somebody_else(client: MakeClient, cluster: ApiServer, header: str) -> None:
    alice = await client()
    answered = await alice.ask(PODS, headers={**alice.bearer, header: "system:admin"})
    assert answered.status == 400
    assert cluster.asked == []


@pytest.mark.parametrize(
    "header", ["X-Remote-User", "X-Remote-Group", "Cookie", "X-Forwarded-For", "Proxy-Authorization"]
)
async def test_what_says_who_somebody_is_stays_here(client: MakeClient, cluster: ApiServer, header: str) -> None:
    cluster.answers[PODS] = NOTHING_TO_HIDE
    alice = await client()
    assert (await alice.ask(PODS, headers={**alice.bearer, header: "root"})).status == 200
    assert cluster.asked[0].all(header.lower()) == []


async def test_who_brings_no_token_is_told_to(client: MakeClient, cluster: ApiServer) -> None:
    answered = await (await client()).ask(PODS, headers={})
    assert (answered.status, answered.json["reason"]) == (401, "Unauthorized")
    assert "bearer token" in answered.message
    assert cluster.asked == []


@pytest.mark.parametrize("token", ["rubbish", "e30.e30.", "gp1_" + "a" * 49])
async def test_a_token_that_is_none_opens_nothing(client: MakeClient, cluster: ApiServer, token: str) -> None:
    answered = await (await client()).ask(PODS, headers={"Authorization": f"Bearer {token}"})
    assert answered.status == 401
    assert cluster.asked == []


@pytest.mark.parametrize(
    ("door", "status"),
    [("/staging", 200), ("/ops@staging", 200), ("/guarded@staging", 401), ("/other", 401), ("", 401)],
)
async def test_a_token_opens_its_own_door(client: MakeClient, cluster: ApiServer, door: str, status: int) -> None:
    cluster.answers["/version"] = {"major": "1"}
    assert (await (await client()).ask("/version", door=door)).status == status


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/namespaces/prod/../kube-system/secrets",
        "/api/v1/namespaces/prod/%2e%2e/secrets",
        "/api/v1//secrets",
        "/api/v1/namespaces/prod%2fsecrets",
        "/api/v1/namespaces/prod;x/secrets",
        "/api/v1/namespaces/prod/pods%00",
        "/api/v1/namespaces/prod/p%6fds",
    ],
)
async def test_what_is_read_in_two_ways_is_refused(client: MakeClient, cluster: ApiServer, path: str) -> None:
    answered = await (await client()).ask(path)
    assert (answered.status, answered.json["reason"]) == (400, "BadRequest")
    assert cluster.asked == []


async def test_a_rule_denies_what_it_names_together(client: MakeClient, cluster: ApiServer) -> None:
    cluster.answers["/api/v1/namespaces/test/pods/web"] = {"kind": "Status", "status": "Success"}
    guarded = await client("guarded")
    denied = await guarded.ask(PODS + "/web", "DELETE")
    assert (denied.status, denied.message) == (403, "gatepass: Not there. (rule no-delete)")
    assert cluster.asked == []
    assert (await guarded.ask("/api/v1/namespaces/test/pods/web", "DELETE")).status == 200


async def test_secrets_are_masked_and_card_numbers_are(client: MakeClient, cluster: ApiServer) -> None:
    secret = {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "s"}, "data": {"password": "aHVudGVyMg=="}}
    cluster.answers["/api/v1/namespaces/prod/secrets/s"] = secret
    cluster.answers["/api/v1/namespaces/prod/configmaps/c"] = {
        "kind": "ConfigMap",
        "data": {"n": "4111 1111 1111 1111"},
    }
    alice = await client()
    assert (await alice.ask("/api/v1/namespaces/prod/secrets/s")).json["data"] == {"password": "Kioq"}
    assert (await alice.ask("/api/v1/namespaces/prod/configmaps/c")).json["data"] == {"n": "**** **** **** 1111"}


async def test_what_cannot_be_read_does_not_leave(client: MakeClient, cluster: ApiServer) -> None:
    cluster.answers[PODS] = b'{"kind": "Secret", "kind": "Pod", "data": {"a": "\xff"}}'
    with pytest.raises(aiohttp.ClientPayloadError):
        await (await client()).ask(PODS)


async def test_logs_are_masked_as_text(client: MakeClient, cluster: ApiServer) -> None:
    cluster.answers[PODS + "/web/log"] = "paid with 4111111111111111\nfine\n"
    assert (await (await client()).ask(PODS + "/web/log")).body == b"paid with ************1111\nfine\n"


async def test_documents_of_the_api_pass_as_they_are(client: MakeClient, cluster: ApiServer) -> None:
    cluster.answers["/openapi/v3"] = b'{"a":  4111111111111111}'
    assert (await (await client()).ask("/openapi/v3")).body == b'{"a":  4111111111111111}'


async def test_several_requests_are_one_session(
    client: MakeClient, cluster: ApiServer, access: Access, recorded: Any
) -> None:
    cluster.answers[PODS] = NOTHING_TO_HIDE
    alice = await client()
    for _ in range(3):
        await alice.ask(PODS)
    notes = [event[2] for event in await recorded() if event[1] == "m"]
    assert notes == ["list: list pods -n prod"] * 3
    async with access.database.transaction() as transaction:
        [session] = (await transaction.scalars(select(Session))).all()
    assert (session.protocol.value, session.statements) == ("kubernetes", {"list": 3})
    assert session.bytes_out == 3 * len(json.dumps(NOTHING_TO_HIDE))


async def test_an_answer_is_recorded_as_it_was_shown(client: MakeClient, cluster: ApiServer, recorded: Any) -> None:
    cluster.answers["/api/v1/namespaces/prod/configmaps/c"] = {"data": {"n": "4111 1111 1111 1111"}}
    await (await client()).ask("/api/v1/namespaces/prod/configmaps/c")
    shown = "".join(event[2] for event in await recorded() if event[1].partition(".")[0] == "o")
    assert "**** **** **** 1111" in shown
    assert "4111 1111" not in shown


async def test_events_come_at_once_and_masked(client: MakeClient, cluster: ApiServer) -> None:
    alice = await client()
    async with alice.streamed(PODS + "?watch=1") as response:
        await cluster.streaming.wait()
        cluster.lines.put_nowait(b'{"type":"ADDED","object":{"note":"4111111111111111"}}\n')
        assert await response.content.readline() == b'{"type":"ADDED","object":{"note":"************1111"}}\n'


@pytest.mark.parametrize("path", [PODS + "?watch=1", PODS + "/web/log?follow=true"])
async def test_a_revocation_cuts_what_goes_on(
    client: MakeClient, cluster: ApiServer, access: Access, path: str
) -> None:
    alice = await client()
    async with alice.streamed(path) as response:
        await cluster.streaming.wait()
        async with access.database.transaction() as transaction:
            holder = await transaction.get_one(Principal, alice.grant.principal_id)
        await grants.revoke(access, alice.grant.id, holder, "enough")
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.content.read()
    assert (await alice.ask(PODS)).status == 401


class TestIdle:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(idle_s=0.1)

    async def test_a_session_ends_when_nothing_is_asked(
        self, client: MakeClient, cluster: ApiServer, gateway: Gateway
    ) -> None:
        cluster.answers[PODS] = NOTHING_TO_HIDE
        await (await client()).ask(PODS)
        async with asyncio.timeout(PATIENCE_S):
            await gateway.live.empty.wait()


class TestGone:
    @pytest.fixture
    def policy(self, policy: dict[str, Any]) -> dict[str, Any]:
        policy["resources"]["staging"]["upstream"]["server"] = "https://127.0.0.1:1"
        return policy

    async def test_an_api_server_that_is_gone_is_said(self, client: MakeClient) -> None:
        answered = await (await client()).ask(PODS)
        assert answered.status == 503
        assert "The API server of staging cannot be reached" in answered.message


class TestUntrusted:
    @pytest.fixture
    def policy(self, policy: dict[str, Any]) -> dict[str, Any]:
        del policy["resources"]["staging"]["upstream"]["ca_file"]
        return policy

    async def test_an_api_server_that_cannot_be_verified_is_not_asked(
        self, client: MakeClient, cluster: ApiServer
    ) -> None:
        answered = await (await client()).ask(PODS)
        assert (answered.status, cluster.asked) == (503, [])
        assert "a certificate that is not trusted" in answered.message
