"""`gatepass ca`: what clients and hosts are to trust, and a change of the key that signs, which is on record."""

import json
import os
from pathlib import Path

import asyncpg
import pytest

from support.commands import gatepass

POLICY = """
version: 1
resources:
  web-1:
    type: ssh
    upstream: {host: h, host_ca: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII3c4l4/jBMfy6v/2ZkYTAm1qA/zQGRTmlWe4zYIqJr+}
    roles:
      deploy: {username: deploy, certificate: {ca: users}}
      root: {username: root, certificate: {ca: operators}}
"""


@pytest.fixture
def policy(tmp_path: Path) -> str:
    path = tmp_path / "own.yml"
    path.write_text(POLICY)
    return str(path)


async def test_the_certificate_of_the_postgresql_port(tmp_path: Path) -> None:
    assert (await gatepass("ca", home=tmp_path)).said.startswith("-----BEGIN CERTIFICATE-----")


async def test_the_keys_that_the_policy_names(tmp_path: Path, policy: str) -> None:
    lines = (await gatepass("ca", "ssh", home=tmp_path, GATEPASS_CONFIG=policy)).said.splitlines()
    assert [line.split()[2] for line in lines] == ["gatepass-operators", "gatepass-users"]
    assert (await gatepass("ca", "ssh", "users", home=tmp_path)).said.splitlines() == lines[1:]


async def test_a_key_that_nothing_is_signed_by_is_said_to_be_one(tmp_path: Path, policy: str) -> None:
    said = (await gatepass("ca", "ssh", "typo", home=tmp_path, GATEPASS_CONFIG=policy)).said
    assert "has `certificate: {ca: typo}`, so this key signs nothing yet." in said
    assert "certificate:" not in (await gatepass("ca", "ssh", "users", home=tmp_path, GATEPASS_CONFIG=policy)).said


async def test_a_change_is_made_in_two_steps_and_is_on_record(dsn: str, tmp_path: Path) -> None:
    refused = await gatepass("ca", "ssh", "users", "--rotate", home=tmp_path, DATABASE_URL=dsn)
    assert (refused.status, "Run `gatepass ca ssh users --next`" in refused.said) == (1, True)
    lines = (await gatepass("ca", "ssh", "users", "--next", home=tmp_path)).said.splitlines()
    assert len(lines) == 2
    ran = await gatepass("ca", "ssh", "users", "--rotate", home=tmp_path, DATABASE_URL=dsn)
    assert ran.status == 0
    assert lines[1] in ran.said
    assert lines[0] not in ran.said
    connection = await asyncpg.connect(dsn)
    try:
        [row] = await connection.fetch("SELECT body FROM audit_event")
    finally:
        await connection.close()
    event = json.loads(row["body"])
    assert (event["action"], event["resource"]) == ("cli:authority:rotate", "users")
    assert event["detail"]["key"].startswith("SHA256:")


async def test_the_key_of_peoples_own_certificates(dsn: str, tmp_path: Path) -> None:
    before = (await gatepass("ca", "ssh-client", home=tmp_path)).said
    assert before.startswith("ssh-ed25519 ")
    assert (await gatepass("ca", "ssh-client", home=tmp_path)).said == before
    ran = await gatepass("ca", "ssh-client", "--rotate", home=tmp_path, DATABASE_URL=dsn)
    assert (ran.status, "those of before open nothing any more" in ran.said) == (0, True), ran.said
    after = (await gatepass("ca", "ssh-client", home=tmp_path)).said
    assert (after in ran.said, after != before) == (True, True)
    assert (tmp_path / "keys" / "ssh_client_ca").stat().st_mode & 0o777 == 0o600
    connection = await asyncpg.connect(dsn)
    try:
        [row] = await connection.fetch("SELECT body FROM audit_event")
    finally:
        await connection.close()
    event = json.loads(row["body"])
    assert (event["action"], event["resource"]) == ("cli:authority:rotate", "ssh_client_ca")
    assert event["detail"] == {"old_key": "revoked", "certificates": 0}
    # A revocation of everything takes it along; a rotation that retires leaves it alone.
    for flags, is_new in (((), False), (("--revoke",), True)):
        assert (await gatepass("keys", "rotate", *flags, home=tmp_path, DATABASE_URL=dsn)).status == 0
        assert ((await gatepass("ca", "ssh-client", home=tmp_path)).said != after) == is_new


async def test_a_key_that_is_changed_without_storage_is_changed_all_the_same(tmp_path: Path) -> None:
    before = (await gatepass("ca", "ssh-client", home=tmp_path)).said
    dsn = "postgresql://nobody@127.0.0.1:1/none"
    ran = await gatepass("ca", "ssh-client", "--rotate", home=tmp_path, DATABASE_URL=dsn)
    assert (ran.status, "the audit log does not have it" in ran.said) == (1, True), ran.said
    assert (await gatepass("ca", "ssh-client", home=tmp_path)).said != before


@pytest.mark.skipif(os.getuid() != 0, reason="only root changes keys for others")
async def test_what_root_rotates_stays_the_services(dsn: str, tmp_path: Path) -> None:
    service, home = 65_534, tmp_path / "home"
    home.mkdir(mode=0o700)
    os.chown(home, service, service)
    for words in (
        ("ca", "ssh-client"),
        ("ca", "ssh-client", "--rotate"),
        ("ca", "ssh", "users", "--next"),
        ("ca", "ssh", "users", "--rotate"),
        ("keys", "rotate"),
        ("ca",),
        ("known-hosts",),
    ):
        ran = await gatepass(*words, home=home, DATABASE_URL=dsn)
        assert ran.status == 0, ran.said
    made = {path.name: path.stat().st_uid for path in home.rglob("*")}
    assert {"ssh_client_ca", "ssh_user_ca_users", "active", "ca-key.pem", "ssh_host_ed25519_key"} <= set(made)
    assert set(made.values()) == {service}, made
    (home / "keys").chmod(0o770)
    ran = await gatepass("ca", "ssh-client", "--rotate", home=home, DATABASE_URL=dsn)
    assert (ran.status, "chmod 700 it" in ran.said) == (1, True), ran.said


@pytest.mark.parametrize("words", [("--rotate",), ("users", "--next", "--rotate"), ("../users",)])
async def test_what_cannot_be_meant(tmp_path: Path, policy: str, words: tuple[str, ...]) -> None:
    ran = await gatepass("ca", "ssh", *words, home=tmp_path, GATEPASS_CONFIG=policy)
    assert ran.status == 1
    assert "Traceback" not in ran.said
