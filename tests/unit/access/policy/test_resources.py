"""Resources, their roles and the rules for statements, each well-formed by itself."""

from collections.abc import Callable
from typing import Any

import pytest

from access.policy.policy import Policy
from access.policy.resources import Resource
from access.policy.shapes.upstreams import KubernetesUpstream, PostgresUpstream, SshUpstream
from storage.model import Protocol
from support.policies import assert_told, change

ADMIN = ("resources", "payments-db", "roles", "admin")
DEPLOY = ("resources", "web-1", "roles", "deploy")
EPHEMERAL = {"credential": "ephemeral", "template": "app_owner"}
MALFORMED = [
    (change(*ADMIN, "private_key", to="env:KEY"), "payments-db", "for ssh resources"),
    (change(*ADMIN, "allow", to=["shell"]), "payments-db", "for ssh resources"),
    (change(*ADMIN, "files", to="allow"), "payments-db", "for ssh resources"),
    (change(*ADMIN, "forward", to=["db:1"]), "payments-db", "for ssh resources"),
    (
        change(*DEPLOY, to={"username": "x", "password": "env:X", "allow": ["sftp"], "files": "deny"}),
        "web-1",
        "allows sftp",
    ),
    (change("resources", "web-1", "roles", "deploy", "private_key", to=...), "web-1", "needs private_key or password"),
    (change("resources", "web-1", "type", to="postgres"), "web-1.upstream.host_key", "Extra inputs"),
    (change("resources", "web-1", "roles", "a@b", to={"username": "x"}), "roles.a@b", "pattern"),
    (change(*DEPLOY, "password", to="env:DEPLOY"), "web-1", "has both password and private_key: give one"),
    (change("resources", "web-1", "roles", to={}), "web-1.roles", "at least 1 item"),
    (change(*ADMIN, "username", to=...), "payments-db", "role admin needs username"),
    (change(*ADMIN, "accepts", to=["key", "browser"]), "payments-db", "accepts needs token or certificate"),
    (change(*DEPLOY, "username", to=""), "web-1", "role deploy needs username"),
    (change(*ADMIN, "template", to="t"), "payments-db", "has a template: say `credential: ephemeral` too"),
    (change(*ADMIN, "credential", to="ephemeral"), "payments-db", "is ephemeral, so it has no username and password"),
    (change(*ADMIN, to={"credential": "ephemeral"}), "payments-db", "is ephemeral and needs template"),
    (change(*ADMIN, to=EPHEMERAL), "payments-db", "its upstream needs role_admin"),
    (
        change(*ADMIN, "certificate", to={"ca": "users"}),
        "payments-db",
        "certificate, allow, files and forward are for ssh resources",
    ),
    (change(*DEPLOY, to={"credential": "ephemeral", "username": "x"}), "web-1", "use certificate here"),
    (change(*DEPLOY, "certificate", to={"ca": "users"}), "web-1", "both private_key and certificate: give one"),
    (change(*DEPLOY, "certificate", to={"ca": "../users"}), "deploy.certificate.ca", "pattern"),
    (change(*DEPLOY, "certificate", to={"ca": "u", "principal": "a,b"}), "deploy.certificate.principal", "pattern"),
    (
        change(*DEPLOY, "certificate", to={"ca": "u", "source_addresses": ["10.0.0.1/8"]}),
        "certificate.source_addresses.0",
        "is no address and no network",
    ),
]


@pytest.mark.parametrize(("wrong", "path", "sentence"), MALFORMED)
def test_a_malformed_part_is_found_where_it_is(
    document: dict[str, Any], wrong: Callable[[dict[str, Any]], None], path: str, sentence: str
) -> None:
    wrong(document)
    assert_told(document, path, sentence)


@pytest.fixture
def policy(document: dict[str, Any]) -> Policy:
    return Policy.model_validate(document)


def test_parts_know_their_names(policy: Policy) -> None:
    resource = policy.resources["payments-db"]
    assert (resource.name, resource.type, resource.roles["read"].name) == ("payments-db", Protocol.POSTGRES, "read")
    assert policy.people["alice"].name == "alice"


def test_each_protocol_that_is_spoken_has_its_upstream(policy: Policy) -> None:
    upstreams = {resource.type: type(resource.upstream) for resource in policy.resources.values()}
    assert upstreams == {Protocol.POSTGRES: PostgresUpstream, Protocol.SSH: SshUpstream}


CLUSTER = {
    "type": "kubernetes",
    "upstream": {"server": "https://10.0.0.7:6443", "token": "env:CLUSTER"},
    "roles": {"view": {"groups": ["gatepass:view"]}},
}


@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        ({}, "role view needs groups"),
        ({"groups": ["a"], "username": "root"}, "has username, which a cluster has no use for"),
        ({"groups": ["a"], "password": "env:X"}, "has password"),
        ({"groups": ["a"], "certificate": {"ca": "users"}}, "has certificate"),
        ({"groups": ["a"], "allow": ["exec"]}, "has allow"),
        ({"groups": ["a"], "forward": ["web.prod:80"]}, "has forward"),
        ({"groups": ["a"], "credential": "ephemeral"}, "has credential"),
        ({"groups": ["a"], "accepts": ["key"]}, "accepts needs token"),
    ],
)
def test_a_role_of_a_cluster_is_groups_and_no_account(
    document: dict[str, Any], role: dict[str, Any], sentence: str
) -> None:
    document["resources"]["staging"] = {**CLUSTER, "roles": {"view": role}}
    assert_told(document, "staging", sentence)


def test_a_role_of_a_cluster(document: dict[str, Any]) -> None:
    document["resources"]["staging"] = CLUSTER
    staging = Policy.model_validate(document).resources["staging"]
    assert isinstance(staging.upstream, KubernetesUpstream)
    assert (staging.roles["view"].groups, staging.roles["view"].username) == (["gatepass:view"], "")


@pytest.mark.parametrize("resource", ["payments-db", "web-1"])
def test_groups_are_for_clusters(document: dict[str, Any], resource: str) -> None:
    [role] = list(document["resources"][resource]["roles"].values())[:1]
    role["groups"] = ["gatepass:view"]
    assert_told(document, resource, "groups are for kubernetes resources")


def test_a_postgres_role_may_do_without_a_password() -> None:
    """Peer or trust authentication; a host is entered with something."""
    resource = Resource.model_validate(
        {"type": "postgres", "upstream": {"host": "db"}, "roles": {"read": {"username": "r"}}}
    )
    assert resource.roles["read"].password is None


def test_an_ephemeral_role_has_a_template_and_somebody_who_makes_it(document: dict[str, Any]) -> None:
    database = document["resources"]["payments-db"]
    database["upstream"]["role_admin"] = {"username": "gatepass_roles", "password": "env:ROLES"}
    database["roles"]["admin"] = dict(EPHEMERAL)
    role = Policy.model_validate(document).resources["payments-db"].roles["admin"]
    assert (role.template, role.username, role.password) == ("app_owner", "", None)
    database["roles"]["admin"]["template"] = "gatepass_roles"
    assert_told(document, "payments-db", "has role_admin for its template")


def test_a_certificate_is_a_credential(document: dict[str, Any]) -> None:
    document["resources"]["web-1"]["roles"]["deploy"] = {"username": "deploy", "certificate": {"ca": "users"}}
    certificate = Policy.model_validate(document).resources["web-1"].roles["deploy"].certificate
    assert certificate is not None
    assert (certificate.ca, certificate.principal) == ("users", None)
