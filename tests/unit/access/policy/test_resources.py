"""Resources, their roles and the rules for statements, each well-formed by itself."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from access.policy.policy import Policy
from access.policy.resources import PostgresUpstream, Resource, SshUpstream, StatementRule
from storage.model import Protocol, VerdictKind
from support.policies import HOST_KEY, assert_told, change, problems_of

ADMIN = ("resources", "payments-db", "roles", "admin")
DEPLOY = ("resources", "web-1", "roles", "deploy")
MALFORMED = [
    (change(*ADMIN, "statements", 2, "reviewers", to=["bob"]), "statements.2", "its verdict is deny"),
    (change(*ADMIN, "password", to="hunter2"), "admin.password", "is not a reference to a secret"),
    (change(*ADMIN, "password", to="env:"), "admin.password", "is not a reference to a secret"),
    (change(*ADMIN, "password", to="file:relative"), "admin.password", "is not a reference to a secret"),
    (change(*ADMIN, "private_key", to="env:KEY"), "payments-db", "for ssh resources"),
    (change(*ADMIN, "allow", to=["shell"]), "payments-db", "for ssh resources"),
    (change("resources", "web-1", "upstream", "host_key", to=...), "web-1.upstream", "needs host_key or host_ca"),
    (change("resources", "web-1", "roles", "deploy", "private_key", to=...), "web-1", "needs private_key or password"),
    (change("resources", "web-1", "type", to="kubernetes"), "web-1.type", "not supported yet"),
    (change("resources", "web-1", "type", to="postgres"), "web-1.upstream.host_key", "Extra inputs"),
    (
        change("resources", "payments-db", "upstream", to={"host": "h", "tls": "disable", "ca_file": "/ca"}),
        "payments-db.upstream",
        "would be ignored",
    ),
    (change("resources", "web-1", "roles", "a@b", to={"username": "x"}), "roles.a@b", "pattern"),
    (change(*DEPLOY, "password", to="env:DEPLOY"), "web-1", "has both password and private_key: give one"),
    (change(*ADMIN, "statements", 0, "match", to=["dll"]), "statements.0.match", "dll"),
    (change(*ADMIN, "statements", 0, "timeout", to="soon"), "statements.0.timeout", "is no duration"),
    (change("resources", "web-1", "upstream", "port", to=0), "web-1.upstream.port", "greater than or equal to 1"),
    (change("resources", "web-1", "upstream", "host", to="a b"), "web-1.upstream.host", "pattern"),
    (change("resources", "web-1", "roles", to={}), "web-1.roles", "at least 1 item"),
]


def line_of(algorithm: str, *fields: bytes) -> str:
    """A public key of these fields, as OpenSSH writes it."""
    blob = b"".join(len(each).to_bytes(4, "big") + each for each in (algorithm.encode(), *fields))
    return f"{algorithm} {b64encode(blob).decode()}"


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


def test_a_statement_rule_is_made_by_its_fields_names() -> None:
    named = {"name": "ddl", "match": ["ddl"], "verdict": VerdictKind.REVIEW, "timeout_s": "1m"}
    rule = StatementRule.model_validate(named)
    assert (rule.timeout_s, rule.quorum, rule.message, rule.reviewers, rule.channel) == (60, 1, "", [], None)


def test_each_protocol_that_is_spoken_has_its_upstream(policy: Policy) -> None:
    upstreams = {resource.type: type(resource.upstream) for resource in policy.resources.values()}
    assert upstreams == {Protocol.POSTGRES: PostgresUpstream, Protocol.SSH: SshUpstream}


@pytest.mark.parametrize("protocol", sorted(set(Protocol) - {Protocol.POSTGRES, Protocol.SSH}))
def test_a_protocol_that_is_not_spoken_is_refused_by_its_name(document: dict[str, Any], protocol: Protocol) -> None:
    change("resources", "web-1", "type", to=protocol.value)(document)
    sentence = f"{protocol} resources are not supported yet: only postgres and ssh are"
    assert problems_of(document) == [("resources.web-1.type", sentence)]


def test_one_host_key_is_a_list_of_one(policy: Policy) -> None:
    upstream = policy.resources["web-1"].upstream
    assert isinstance(upstream, SshUpstream)
    assert upstream.host_key == [HOST_KEY]


def test_a_postgres_role_may_do_without_a_password() -> None:
    """Peer or trust authentication; a host is entered with something."""
    resource = Resource.model_validate(
        {"type": "postgres", "upstream": {"host": "db"}, "roles": {"read": {"username": "r"}}}
    )
    assert resource.roles["read"].password is None


@pytest.mark.finding("use-25")
@pytest.mark.parametrize("field", ["host_key", "host_ca"])
@pytest.mark.parametrize(
    "key",
    [
        "ssh-ed25519 AAAA…",
        "ssh-ed25519 AAAA",
        "ssh-ed25519",
        "",
        "AAAAC3NzaC1lZDI1NTE5",
        HOST_KEY.replace("ssh-ed25519", "ssh-rsa"),
        HOST_KEY[:-12],
        f"web-1 {HOST_KEY}",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        line_of("ssh-ed25519", bytes(range(33))),
        line_of("ssh-ed25519", bytes(range(31))),
        line_of("ssh-ed25519", bytes(range(32)), b"more"),
        line_of("ssh-rsa", bytes(range(200))),
        line_of("ecdsa-sha2-nistp256", b"nistp256", bytes(range(64))),
        line_of("ssh-foo", bytes(range(32))),
    ],
)
def test_what_is_no_public_key_is_refused_and_not_repeated(field: str, key: str) -> None:
    with pytest.raises(ValidationError) as invalid:
        SshUpstream.model_validate({"host": "web", field: key})
    assert "is no public key: write the line that ssh-keyscan shows" in str(invalid.value)


@pytest.mark.parametrize(
    "key",
    [
        line_of("ssh-ed25519", bytes(32)),
        line_of("ssh-ed25519", b"example-" * 4),
        line_of("ssh-rsa", b"\1\0\1", bytes(257)),
        line_of("ecdsa-sha2-nistp256", b"nistp256", b"\4" + b"A" * 64),
    ],
)
def test_a_key_that_only_stands_for_one_is_refused(key: str) -> None:
    with pytest.raises(ValidationError, match="is no key that anybody has"):
        SshUpstream.model_validate({"host": "web", "host_key": key})


@pytest.mark.parametrize(
    "key",
    [
        line_of("ssh-ed448", bytes(range(57))),
        line_of("ecdsa-sha2-nistp256", b"nistp256", bytes(range(65))),
        line_of("ecdsa-sha2-nistp521", b"nistp521", bytes(range(133))),
        line_of("ssh-rsa", b"\1\0\1", bytes(range(1, 200))),
    ],
)
def test_keys_of_every_algorithm_are_taken(key: str) -> None:
    assert SshUpstream.model_validate({"host": "web", "host_key": key}).host_key == [key]


def test_a_key_may_have_a_comment() -> None:
    upstream = SshUpstream.model_validate({"host": "web", "host_key": [HOST_KEY, f"{HOST_KEY} root@web"]})
    assert len(upstream.host_key) == 2
