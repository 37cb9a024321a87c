"""The command that people paste is the one that works."""

import subprocess

import pytest
from pydantic import ValidationError

from access.addresses import Addresses, connect_command
from access.policy.resources import Resource
from support.policies import HOST_KEY

ADDRESSES = Addresses("gw.example", 2222, "gw.example", 5433, "gw.example", 8443)


def database(**upstream: str) -> Resource:
    roles = {"read": {"username": "r"}}
    return Resource.model_validate(
        {"type": "postgres", "upstream": {"host": "db"} | upstream, "roles": roles}
    ).model_copy(update={"name": "payments-db"})


def test_psql() -> None:
    command = connect_command(ADDRESSES, database(database="payments"), "read")
    assert command == 'psql "host=gw.example port=5433 user=read@payments-db dbname=payments sslmode=require"'


def test_psql_without_a_fixed_database() -> None:
    assert "dbname=DATABASE" in connect_command(ADDRESSES, database(), "read")


def test_an_odd_path_or_database_survives_the_shell_and_libpq() -> None:
    addresses = Addresses("gw", 22, "gw", 5433, "gw", 8443, ca_file="/home/ann o'hara/$HOME/ca.pem")
    command = connect_command(addresses, database(database='pay"ments`id`'), "read")
    shell = ["sh", "-c", command.replace("psql", "printf '[%s]'", 1)]
    received = subprocess.run(shell, capture_output=True, text=True, check=True, timeout=10).stdout
    assert received == (
        '[host=gw port=5433 user=read@payments-db dbname=pay"ments`id` sslmode=verify-full'
        r" sslrootcert='/home/ann o\'hara/$HOME/ca.pem']"
    )


def test_an_interactive_bash_looks_for_no_earlier_command() -> None:
    odd = "it's 5!$HOME"
    command = connect_command(ADDRESSES, database(database=odd), "read").replace("psql", "printf '[%s]'", 1)
    bash = ["bash", "--norc", "--noprofile", "-i"]
    said = subprocess.run(bash, input=f"{command}\n", capture_output=True, text=True, check=True, timeout=10).stdout
    assert said == r"[host=gw.example port=5433 user=read@payments-db dbname='it\'s 5!$HOME' sslmode=require]"


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\u2028b", "a\x1b[2J", "a\u202eb", "", "x" * 64])
def test_a_database_whose_name_no_line_takes(name: str) -> None:
    with pytest.raises(ValidationError):
        database(database=name)


def test_ssh() -> None:
    upstream = {"host": "web", "host_key": HOST_KEY}
    roles = {"deploy": {"username": "d", "password": "env:P"}}
    web = Resource.model_validate({"type": "ssh", "upstream": upstream, "roles": roles})
    command = connect_command(ADDRESSES, web.model_copy(update={"name": "web-1"}), "deploy")
    assert command == "ssh -p 2222 deploy@web-1@gw.example"


def test_a_cluster_is_reached_by_its_name_behind_the_gateways() -> None:
    cluster = Resource.model_validate(
        {
            "type": "kubernetes",
            "upstream": {"server": "https://10.0.0.7:6443", "token": "env:CLUSTER"},
            "roles": {"view": {"groups": ["gatepass:view"]}},
        }
    ).model_copy(update={"name": "staging"})
    expected = 'kubectl --server=https://gw.example:8443/staging --token="$TOKEN" get pods'
    assert connect_command(ADDRESSES, cluster, "view") == expected
    known = Addresses("gw", 22, "gw", 5433, "::1", 8443, ca_file="/ca file.pem")
    expected = "kubectl --server=https://[::1]:8443/staging --certificate-authority='/ca file.pem' "
    assert connect_command(known, cluster, "view").startswith(expected)
