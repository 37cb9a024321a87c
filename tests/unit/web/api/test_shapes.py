"""Rows as programs are given them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from access.addresses import Addresses
from access.policy.policy import Policy
from storage.model import AccessRequest, Decision, Grant, RequestState
from support.policies import policy_document
from web.api import shapes

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
ADDRESSES = Addresses(
    ssh_host="gate",
    ssh_port=2222,
    postgres_host="gate",
    postgres_port=5433,
    kubernetes_host="gate",
    kubernetes_port=8443,
)
POLICY = Policy.model_validate(policy_document())


def a_grant(resource: str, role: str) -> Grant:
    until = NOW + timedelta(seconds=90)
    return Grant(
        request_id=UUID(int=1), principal_id=UUID(int=2), resource=resource, role=role, not_before=NOW, expires_at=until
    )


def test_a_grant_says_where_clients_go_and_how_long_it_lasts() -> None:
    grant = a_grant("web-1", "deploy")
    shown = shapes.grant(grant, POLICY.resources["web-1"], ADDRESSES, None, NOW)
    assert shown["connect"] == {"host": "gate", "port": 2222, "user": "deploy@web-1"}
    assert (shown["left_s"], shown["type"], shown["expires_at"]) == (90, "ssh", "2026-11-30T12:01:30+00:00")
    assert shapes.grant(grant, None, ADDRESSES, None, NOW)["connect"] is None
    assert shapes.grant(grant, POLICY.resources["web-1"], ADDRESSES, "why", NOW + timedelta(hours=1))["left_s"] == 0


def test_a_grant_says_what_its_door_accepts_and_this_gateway_can_take() -> None:
    def accepts(resource: str, role: str, *, takes: bool, why_not: str | None = None) -> list[str]:
        found, grant = POLICY.resources[resource], a_grant(resource, role)
        shown = shapes.grant(grant, found, ADDRESSES, why_not, NOW, takes_certificates=takes)
        return shown["accepts"]

    assert accepts("payments-db", "read", takes=True) == ["token", "certificate"]
    assert accepts("payments-db", "read", takes=False) == ["token"]
    assert accepts("payments-db", "read", takes=True, why_not="not any more") == []
    assert "certificate" in accepts("web-1", "deploy", takes=False), "that is not of TLS"


def test_one_database_is_named_and_others_are_left_to_the_client() -> None:
    resource = POLICY.resources["payments-db"]
    assert (shapes.connect(resource, "read", ADDRESSES) or {})["database"] is None
    document = policy_document()
    document["resources"]["payments-db"]["upstream"]["database"] = "payments"
    bound = Policy.model_validate(document).resources["payments-db"]
    assert shapes.connect(bound, "read", ADDRESSES) == {
        "host": "gate",
        "port": 5433,
        "user": "read@payments-db",
        "database": "payments",
    }


def test_nobody_reviews_their_own_request() -> None:
    row = AccessRequest(
        principal_id=UUID(int=2),
        resource="payments-db",
        role="admin",
        duration_s=60,
        state=RequestState.PENDING,
        decision=Decision.REVIEWED,
        rule="r",
        policy_hash="h",
        quorum=1,
        reviewers=["alice", "bob"],
        created_at=NOW,
        expires_at=NOW,
    )
    shown = shapes.request(row, asker="alice", approvals=[], by=None, grant=None)
    assert (shown["reviewers"], shown["grant"], shown["decided_by"]) == (["bob"], None, None)
    assert shapes.standing(row)["kind"] == "request"


def test_an_offer_says_what_it_takes() -> None:
    [read] = [each for each in POLICY.what_may("alice") if each.role == "read"]
    shown = shapes.offer(read, POLICY)
    assert (shown["decision"], shown["type"], shown["maximum_s"], shown["requires"]) == (
        "automatic",
        "postgres",
        7200,
        None,
    )
