"""Lines for clients, which say the same as the command that people paste."""

from urllib.parse import parse_qs, unquote, urlsplit

from access.addresses import Addresses
from access.policy.resources import Resource
from access.policy.shapes.credentials import ClientCredential
from access.ways_in import ways_in
from support.policies import HOST_KEY

ADDRESSES = Addresses("gw.example", 2222, "gw.example", 5433, "gw.example", 8443, ca_file="/home/ann/o hara&co.pem")


def database(name: str = "pay:ments/1") -> Resource:
    said = {"type": "postgres", "upstream": {"host": "db", "database": name}, "roles": {"read": {"username": "r"}}}
    return Resource.model_validate(said).model_copy(update={"name": "payments-db"})


def host(**role: object) -> Resource:
    upstream = {"host": "web", "host_key": HOST_KEY}
    said = {"type": "ssh", "upstream": upstream, "roles": {"deploy": {"username": "d", "password": "env:P", **role}}}
    return Resource.model_validate(said).model_copy(update={"name": "web-1"})


def lines(addresses: Addresses, resource: Resource, role: str) -> dict[str, str]:
    return {way.client: way.text for way in ways_in(addresses, resource, role)}


def test_uris_say_what_the_command_says() -> None:
    found = lines(ADDRESSES, database(), "read")
    uri, jdbc = urlsplit(found["libpq URI"]), urlsplit(found["JDBC"].removeprefix("jdbc:"))
    assert (unquote(uri.username or ""), uri.hostname, uri.port) == ("read@payments-db", "gw.example", 5433)
    assert (jdbc.hostname, jdbc.port) == ("gw.example", 5433)
    for each in (uri, jdbc):
        assert unquote(each.path) == "/pay:ments/1"
        said = parse_qs(each.query)
        assert (said["sslmode"], said["sslrootcert"]) == (["verify-full"], [ADDRESSES.ca_file])
    assert parse_qs(jdbc.query)["user"] == ["read@payments-db"]
    assert "+" not in uri.query + jdbc.query
    assert found["~/.pgpass"] == r"gw.example:5433:pay\:ments/1:read@payments-db:TOKEN"
    assert "Username  read@payments-db" in found["DBeaver, DataGrip"]


def test_without_a_ca_and_by_address() -> None:
    found = lines(Addresses("::1", 22, "::1", 5433, "::1", 8443), database("payments"), "read")
    uri = "postgresql://read%40payments-db@[::1]:5433/payments?sslmode=require"
    assert found["libpq URI"] == uri
    assert found["~/.pgpass"].startswith(r"\:\:1:5433:")


def test_a_host() -> None:
    found = lines(ADDRESSES, host(), "deploy")
    assert found["gatepass ssh"] == "gatepass ssh deploy@web-1"
    assert found["ssh"] == "ssh -p 2222 deploy@web-1@gw.example"
    assert found["scp"] == "scp -O -P 2222 FILE deploy@web-1@gw.example:"
    assert "SFTP" not in found
    assert found["~/.ssh/config"].splitlines() == [
        "Host web-1.gate",
        "    HostName gw.example",
        "    Port 2222",
        "    User deploy@web-1",
    ]


def test_a_host_shows_what_its_role_opens_alone() -> None:
    found = lines(ADDRESSES, host(allow=["shell", "sftp"]), "deploy")
    assert found["scp"] == "scp -P 2222 FILE deploy@web-1@gw.example:"
    assert found["SFTP"] == "sftp://deploy%40web-1@gw.example:2222/"
    found = lines(ADDRESSES, host(allow=["exec"], files="deny"), "deploy")
    assert "scp" not in found
    assert found["ssh"] == "ssh -p 2222 deploy@web-1@gw.example COMMAND"
    assert found["gatepass ssh"] == "gatepass ssh deploy@web-1 COMMAND"
    found = lines(ADDRESSES, host(allow=["sftp"]), "deploy")
    assert "ssh" not in found
    assert found["sftp"] == "sftp -P 2222 deploy@web-1@gw.example"
    assert found["gatepass ssh"] == "gatepass sftp deploy@web-1"


def test_an_address_with_colons_is_bracketed_where_they_would_end_it() -> None:
    six = Addresses("2001:db8::1", 2222, "::1", 5433, "::1", 8443)
    found = lines(six, host(allow=["sftp"]), "deploy")
    assert found["sftp"] == "sftp -P 2222 'deploy@web-1@[2001:db8::1]'"
    assert found["scp"] == "scp -P 2222 FILE 'deploy@web-1@[2001:db8::1]:'"


def test_what_lets_in_is_said_and_a_token_only_where_one_does() -> None:
    notes = {way.client: way.note for way in ways_in(ADDRESSES, host(accepts=["browser", "key"]), "deploy")}
    assert "gatepass ssh" not in notes
    assert ("link" in notes["ssh"], "SSH keys" in notes["ssh"], "token" in notes["ssh"]) == (True, True, False)
    role = database().roles["read"].model_copy(update={"accepts": [ClientCredential.CERTIFICATE]})
    certified = database().model_copy(update={"roles": {"read": role}})
    assert list(lines(ADDRESSES, certified, "read")) == ["gatepass psql", "gatepass proxy"]
    assert list(lines(ADDRESSES, database(), "read"))[:3] == ["gatepass psql", "gatepass proxy", "psql"]


def test_a_cluster_is_entered_with_kubectl() -> None:
    upstream = {"server": "https://10.0.0.7:6443", "token": "env:CLUSTER"}
    roles = {"view": {"groups": ["gatepass:view"]}}
    cluster = Resource.model_validate({"type": "kubernetes", "upstream": upstream, "roles": roles})
    [way] = ways_in(ADDRESSES, cluster.model_copy(update={"name": "staging"}), "view")
    assert (way.client, way.text.split()[0]) == ("kubectl", "kubectl")
    assert "https://gw.example:8443/staging" in way.text
