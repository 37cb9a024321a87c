"""The policies that the tests of access/ share, as a document and as a file, and what is wrong with a changed one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from access.policy.errors import PolicyErrors
from access.policy.file import parse
from access.policy.policy import Policy

TEAM = "T0TEAM"
#: A public key as OpenSSH writes it; nobody has the private one.
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII3c4l4/jBMfy6v/2ZkYTAm1qA/zQGRTmlWe4zYIqJr+"
#: For the errors of `parse`, which reads no file.
HERE = Path("gatepass.yml")

BASE = """\
version: 1
resources:
  db:
    type: postgres
    upstream: {host: db.internal}
    roles:
      read: {username: r, password: env:R}
people:
  alice: {slack: U0ALICE}
  bob: {slack: U0BOB}
policy:
  - name: read
    who: [alice]
    resources: [db]
    roles: [read]
    decision: reviewed
    reviewers: [bob]
    channel: C0ACCESS
"""


def errors_of(text: str) -> list[str]:
    """The errors of a policy file that is not valid, each as people read it."""
    with pytest.raises(PolicyErrors) as errors:
        parse(text, HERE)
    assert str(errors.value) == "\n".join(str(error) for error in errors.value.errors)
    return [str(error) for error in errors.value.errors]


def change(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    """A change of the part at `path` of a document; `to=...` removes it."""

    def apply(document: dict[str, Any]) -> None:
        part: Any = document
        for key in path[:-1]:
            part = part[key]
        if to is ...:
            del part[path[-1]]
        else:
            part[path[-1]] = to

    return apply


def problems_of(document: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with a document that is not valid: path and sentence of each problem."""
    with pytest.raises(ValidationError) as invalid:
        Policy.model_validate(document)
    assert "hunter2" not in str(invalid.value)
    return [(".".join(map(str, error["loc"])), error["msg"]) for error in invalid.value.errors()]


def assert_told(document: dict[str, Any], path: str, sentence: str) -> None:
    """One of the problems is said at `path` and has `sentence` in it."""
    found = problems_of(document)
    assert any(path in place and sentence in message for place, message in found), found


def policy_document() -> dict[str, Any]:
    """alice and erin ask; bob, carol and dave review; bot is an agent; mallory may nothing."""
    return {
        "version": 1,
        "slack": {"team": TEAM},
        "resources": {
            "payments-db": {
                "type": "postgres",
                "upstream": {"host": "db.internal"},
                "roles": {
                    "read": {"username": "app_read", "password": "env:READ"},
                    "write": {"username": "app_write", "password": "env:WRITE"},
                    "admin": {
                        "username": "app_owner",
                        "password": "file:/run/secrets/admin",
                        "statements": [
                            {"name": "ddl", "match": ["ddl"], "verdict": "review", "timeout": "10m"},
                            {
                                "name": "grants",
                                "match": ["grant"],
                                "verdict": "review",
                                "reviewers": ["dba"],
                                "quorum": 2,
                                "channel": "C0DBA",
                            },
                            {"name": "programs", "match": ["copy_program"], "verdict": "deny", "message": "Never."},
                        ],
                    },
                },
            },
            "web-1": {
                "type": "ssh",
                "upstream": {"host": "web-1.internal", "host_key": HOST_KEY},
                "roles": {"deploy": {"username": "deploy", "private_key": "file:/run/secrets/key"}},
            },
        },
        "people": {
            "alice": {"slack": "U0ALICE", "email": "alice@example.com"},
            "bob": {"slack": "U0BOB"},
            "carol": {"slack": "U0CAROL"},
            "dave": {"slack": "U0DAVE"},
            "erin": {"slack": "U0ERIN"},
            "mallory": {"slack": "U0MALLORY"},
            "deployer": {"kind": "agent"},
        },
        "groups": {"engineers": ["alice", "bob", "erin", "deployer"], "dba": ["bob", "carol", "dave"]},
        "policy": [
            {
                "name": "read-at-once",
                "who": ["engineers"],
                "resources": ["payments-db"],
                "roles": ["read"],
                "decision": "automatic",
                "reviewers": ["dba"],
                "maximum_duration": "2h",
                "channel": "C0ACCESS",
            },
            {
                "name": "admin-by-one",
                "who": ["engineers"],
                "resources": ["payments-*"],
                "roles": ["admin"],
                "decision": "reviewed",
                "reviewers": ["dba"],
                "channel": "C0ACCESS",
            },
            {
                "name": "write-by-two",
                "who": ["engineers"],
                "resources": ["payments-db"],
                "roles": ["write"],
                "decision": "reviewed",
                "reviewers": ["dba"],
                "quorum": 2,
                "channel": "C0ACCESS",
                "answer_within": "10m",
            },
            {
                "name": "no-deploys-by-mallory",
                "who": ["mallory"],
                "resources": ["*"],
                "roles": ["*"],
                "decision": "denied",
            },
        ],
    }
