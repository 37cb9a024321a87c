"""A policy that the tests of access/ share: one rule of each decision, and people for every part in it."""

from typing import Any

TEAM = "T0TEAM"


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
                "upstream": {"host": "web-1.internal", "host_key": "ssh-ed25519 AAAA"},
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
