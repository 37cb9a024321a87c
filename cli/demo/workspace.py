"""The demo's people and channels, and the policy they live under."""

import json
from pathlib import Path

import yaml
from pydantic import SecretStr

from bot.manifest import manifest_text
from cli.demo.postgres_target import PostgresTarget
from cli.demo.provider import Account, Client
from cli.demo.ssh_target import SshTarget
from slack_simulator.server import Channel, Person, WorkspaceSpec, manifest_of
from web.settings import Origin

TEAM = "T0GATEPASS"
#: Where people sign in to the pages, and what it knows Gatepass by.
PROVIDER, PROVIDER_TITLE, CLIENT_ID = "demo", "Demo Identity", "gatepass"

PEOPLE = (
    Person("alice", "U0ALICE", "Alice Archer", "alice@example.com"),
    Person("bob", "U0BOB", "Bob Baker", "bob@example.com"),
    Person("carol", "U0CAROL", "Carol Cole", "carol@example.com"),
    Person("dora", "U0DORA", "Dora Diaz (not in the file)", "dora@example.com"),
    Person("mallory", "U0MALLORY", "Mallory (not in the policy)", "mallory@example.com"),
)

#: Those whom the policy file names.
NAMED = ("alice", "bob", "carol")
#: Dora comes in by a group of the provider, and links her Slack account herself.
PROVIDER_GROUP = "gate-engineers"
GROUPS = {"dora": (PROVIDER_GROUP,)}

#: What each of them may do, for whoever reads demo.json.
MAY = {
    "alice": "ask for payments-db and web-1",
    "bob": "approve: he is in db-oncall and sre",
    "carol": "ask, and approve what others ask for: she is in db-oncall and sre",
    "dora": "ask like alice, once she has linked her Slack account: her provider says that she is an engineer",
    "mallory": "nothing",
}

CHANNELS = (
    Channel("incidents", "C0INCIDENTS", tuple(person.slack_id for person in PEOPLE), topic="Access and digests"),
    Channel("general", "C0GENERAL", tuple(person.slack_id for person in PEOPLE), topic="Everybody, everything"),
)


def workspace() -> WorkspaceSpec:
    return WorkspaceSpec(
        team_id=TEAM,
        team_name="Gatepass Demo",
        people=PEOPLE,
        channels=CHANNELS,
        bot_user_id="U0GATEPASS",
        bot_name="gatepass",
        app_id="A0GATEPASS",
        manifest=manifest_of(yaml.safe_load(manifest_text())),
    )


def accounts() -> list[Account]:
    """The same people at the provider, mallory among them: it knows people whom the policy does not."""
    return [
        Account(f"demo|{person.name}", person.real_name, person.email, groups=GROUPS.get(person.name, ()))
        for person in PEOPLE
    ]


def clients(origin: Origin) -> dict[str, Client]:
    """What the provider knows of the pages of this Gatepass."""
    back, out = (f"{origin}/sign-{word}/{PROVIDER}" for word in ("in", "out"))
    return {CLIENT_ID: Client(CLIENT_ID, [f"{back}/callback"], f"{out}/back-channel")}


def write_policy(path: Path, database: PostgresTarget, host: SshTarget, issuer: str, *, hold: str = "10m") -> None:
    """Write the demo's gatepass.yml; `hold` is how long a held statement waits for a reviewer."""
    read, admin, roles = (
        _secret(path.parent, "read", database.read_password),
        _secret(path.parent, "admin", database.admin_password),
        _secret(path.parent, "roles", database.roles_password),
    )
    held = {
        "name": "dangerous-sql",
        "match": ["ddl", "grant", "copy_program", "delete_without_where", "update_without_where"],
        "verdict": "review",
        "reviewers": ["db-oncall"],
        "timeout": hold,
    }
    policy = {
        "version": 1,
        "slack": {"team": TEAM},
        "providers": {PROVIDER: {"title": PROVIDER_TITLE, "issuer": issuer, "client_id": CLIENT_ID}},
        "resources": {
            "payments-db": {
                "type": "postgres",
                "upstream": {
                    "host": database.host,
                    "port": database.port,
                    "database": database.database,
                    "tls": "disable",
                    "role_admin": {"username": "gatepass_roles", "password": roles},
                },
                "roles": {
                    "read": {"username": "app_read", "password": read},
                    "admin": {"username": "app_owner", "password": admin, "statements": [held]},
                    "support": {"credential": "ephemeral", "template": "app_support"},
                },
            },
            "web-1": {
                "type": "ssh",
                "upstream": {"host": host.host, "port": host.port, "host_key": host.host_key},
                "roles": {
                    "deploy": {
                        "username": "deploy",
                        "private_key": f"file:{host.client_key_file.resolve()}",
                        "statements": [
                            {
                                "name": "no-reboot",
                                "match": ["command:reboot", "command:shutdown", "dynamic_command"],
                                "verdict": "deny",
                                "message": "Hosts are restarted by the platform team.",
                            },
                            {
                                "name": "restarts",
                                "match": ["command:systemctl"],
                                "verdict": "review",
                                "reviewers": ["sre"],
                                "timeout": hold,
                            },
                        ],
                    },
                    "logs": {
                        "username": "logs",
                        "private_key": f"file:{host.client_key_file.resolve()}",
                        "allow": ["exec"],
                    },
                },
            },
        },
        "people": {
            person.name: {"slack": person.slack_id, "email": person.email} for person in PEOPLE if person.name in NAMED
        },
        "groups": {
            "engineers": ["alice", "carol"],
            "engineers-of-demo": {"provider": PROVIDER, "value": PROVIDER_GROUP},
            "db-oncall": ["bob", "carol"],
            "sre": ["bob", "carol"],
        },
        "policy": [
            _rule("database", "payments-db", ["read", "admin", "support"], "db-oncall"),
            _rule("hosts", "web-1", ["deploy"], "sre"),
            {
                "name": "logs",
                "who": ["engineers", "engineers-of-demo"],
                "resources": ["web-1"],
                "roles": ["logs"],
                "decision": "automatic",
                "maximum_duration": "30m",
                "channel": CHANNELS[0].id,
            },
        ],
        "masking": [
            {"name": "card-numbers", "columns": ["number"], "entity": "pan"},
            {"name": "card-codes", "columns": ["cvv"], "entity": "cvv"},
            {"name": "addresses", "columns": ["email"], "entity": "email"},
        ],
    }
    path.write_text(yaml.safe_dump(policy, sort_keys=False, allow_unicode=True))


def _secret(folder: Path, name: str, value: SecretStr) -> str:
    """Put a secret where only the gateway's account reads it; returns the reference for the policy."""
    file = (folder / f"{name}-password").resolve()
    file.touch(mode=0o600)
    file.write_text(value.get_secret_value())
    return f"file:{file}"


def _rule(name: str, resource: str, roles: list[str], reviewers: str) -> dict[str, object]:
    return {
        "name": name,
        "who": ["engineers", "engineers-of-demo"],
        "resources": [resource],
        "roles": roles,
        "decision": "reviewed",
        "reviewers": [reviewers],
        "maximum_duration": "1h",
        "channel": CHANNELS[0].id,
    }


def card_file(numbers: list[tuple[str, str]]) -> str:
    """cards.txt of the demo host: test numbers and codes as a careless export would leave them."""
    return "".join(f"card {number} cvv: {cvv}\n" for number, cvv in numbers)


def describe(path: Path, facts: dict[str, object]) -> None:
    """Write demo.json for scripts, readable by its owner alone: it holds the password of a login to the storage."""
    described = facts | {
        "people": [{"name": each.name, "slack_id": each.slack_id, "may": MAY[each.name]} for each in PEOPLE],
        "channels": [{"name": each.name, "id": each.id} for each in CHANNELS],
        "resources": [
            {"name": "payments-db", "type": "postgres", "roles": ["read", "admin", "support"]},
            {"name": "web-1", "type": "ssh", "roles": ["deploy", "logs"]},
        ],
    }
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(json.dumps(described, indent=2) + "\n")
