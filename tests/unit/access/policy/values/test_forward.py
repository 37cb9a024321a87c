"""What a role's `forward` names, and how a client may spell it."""

import pytest
from pydantic import TypeAdapter, ValidationError

from access.policy.values.forward import Destination, Forward, allowed, meets

FORWARD: TypeAdapter[str] = TypeAdapter(Forward)


@pytest.mark.parametrize(
    "entry",
    [
        "db.internal:5432",
        "*.internal:*",
        "[::1]:22",
        "127.0.0.1:*",
        "/run/app.sock",
        "/run/user/1000/vscode-*.sock",
        "listen:8080",
        "listen:*",
        "listen:0.0.0.0:8080",
        "listen:/run/app.sock",
    ],
)
def test_an_entry_that_names_something_is_kept(entry: str) -> None:
    assert FORWARD.validate_python(entry) == entry


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "db.internal",
        "5432",
        "db.internal:0",
        "db.internal:65536",
        "db.internal:http",
        "db internal:5432",
        "::1:22",
        "[nonsense]:22",
        "/run/../etc/app.sock",
        "/",
        "listen:",
        "listen:0",
        "user@db:22",
    ],
)
def test_an_entry_that_names_nothing_is_refused(entry: str) -> None:
    with pytest.raises(ValidationError, match=r"forward to|path of a socket"):
        FORWARD.validate_python(entry)


TO, AT, SOCKET = Destination.to, Destination.at, Destination.socket


@pytest.mark.finding("ssh-forwarding")
@pytest.mark.parametrize(
    ("entry", "wanted", "is_allowed"),
    [
        ("db.internal:5432", TO("db.internal", 5432), True),
        ("db.internal:5432", TO("DB.internal.", 5432), True),
        ("DB.Internal:5432", TO("db.internal", 5432), True),
        ("db.internal:5432", TO("db.internal", 5433), False),
        ("db.internal:5432", TO("xdb.internal", 5432), False),
        ("*.internal:*", TO("db.internal", 1), True),
        ("*.internal:*", TO("db.internal", 0), False),
        ("*.internal:*", TO("internal", 1), False),
        ("localhost:80", TO("127.0.0.1", 80), False),
        ("localhost:80", TO("LOCALHOST.", 80), True),
        ("[::1]:22", TO("0:0:0:0:0:0:0:1", 22), True),
        ("127.0.0.1:22", TO("0x7f.1", 22), True),
        ("127.1:22", TO("127.0.0.1", 22), True),
        ("127.0.0.1:22", TO("::ffff:127.0.0.1", 22), True),
        ("[::ffff:127.0.0.1]:22", TO("127.0.0.1", 22), True),
        ("127.0.0.1:22", TO("0.0.0.0", 22), True),  # noqa: S104
        ("0.0.0.0:22", TO("0", 22), True),
        ("[::1]:22", TO("::", 22), True),
        ("10.0.*:22", TO("10.0.0.1", 22), True),
        ("10.0.*:22", TO("10.1", 22), True),
        ("10.0.*:22", TO("10.1.0", 22), False),
        ("10.0.*:22", TO("10.0.evil.example", 22), False),
        ("10.?.0.1:22", TO("10.2.0.1", 22), True),
        ("f*:22", TO("fd00::7", 22), False),
        ("db-1*:22", TO("db-12.internal", 22), True),
        ("*:22", TO("10.0.0.1", 22), True),
        ("*:22", TO("fe80::1%eth0", 22), False),
        ("[fe80::1%eth0]:22", TO("fe80::1%eth0", 22), True),
        ("[fe80::1]:22", TO("fe80::1%eth0", 22), False),
        ("/run/*.sock", SOCKET("/run/app.sock"), True),
        ("/run/*", SOCKET("/run/a/docker.sock"), False),
        ("/run/*/*", SOCKET("/run/../docker.sock"), False),
        ("/run/*", SOCKET("/run/./"), False),
        ("/run/x", TO("/run/x", 0), False),
        ("*:*", SOCKET("/run/app.sock"), False),
        ("/run/app.sock", TO("run", 5432), False),
        ("db:*", SOCKET("db"), False),
        ("listen:8080", AT("localhost", 8080), True),
        ("listen:8080", AT("10.0.0.1", 8080), False),
        ("listen:8080", TO("localhost", 8080), False),
        ("listen:*", SOCKET("localhost", listens=True), False),
        ("localhost:8080", AT("localhost", 8080), False),
        ("listen:10.0.0.1:*", AT("10.0.0.1", 8080), True),
        ("listen:10.0.0.1:*", AT("10.0.0.1", 0), True),
        ("listen:127.0.0.1:*", AT("0.0.0.0", 8080), False),  # noqa: S104
        ("listen:0.0.0.0:*", AT("", 8080), False),
        ("listen:*:8080", AT("", 8080), True),
        ("listen:/run/a", SOCKET("/run/a", listens=True), True),
        ("/run/a", SOCKET("/run/a", listens=True), False),
    ],
)
def test_what_is_asked_for_must_be_named(entry: str, wanted: Destination, is_allowed: bool) -> None:
    assert allowed([FORWARD.validate_python(entry)], wanted) is is_allowed


@pytest.mark.parametrize(
    "wanted",
    [
        TO("/run/x", 0),
        TO("", 22),
        TO("a b", 22),
        TO("1.2.3.4.5", 22),
        TO("db.internal..", 22),
        TO("127.0.0.1..", 22),
        TO("db..internal", 22),
        TO("db", 65_536),
        AT("localhost..", 22),
        AT("/run/x", 0),
        SOCKET("run/x"),
        SOCKET(""),
        SOCKET("/run/\nx"),
        SOCKET("/" + "x" * 300),
    ],
)
def test_what_says_nothing_is_not_whole(wanted: Destination) -> None:
    assert not wanted.is_whole


@pytest.mark.parametrize("wanted", [TO("db.", 1), TO("127.1", 1), AT("", 1), AT("*", 0), SOCKET("/run/a b")])
def test_what_says_where_is_whole(wanted: Destination) -> None:
    assert wanted.is_whole


def test_a_destination_is_named_as_policies_write_it() -> None:
    assert TO("DB.", 1).name == "db:1"
    assert TO("0::1", 22).name == "[::1]:22"
    assert TO("2130706433", 22).name == "127.0.0.1:22"
    assert SOCKET("/run/a", listens=True).name == "listen:/run/a"
    assert allowed([], TO("db", 1)) is False


def test_every_address_is_made_of_both_families() -> None:
    assert AT("", 80).names == ("listen:*:80", "listen:0.0.0.0:80", "listen:[::]:80")
    assert AT("*", 80).asked_host == ""
    assert TO("db", 80).names == ("db:80",)


@pytest.mark.finding("ssh-forwarding")
@pytest.mark.parametrize(
    ("pattern", "wanted", "is_met"),
    [
        ("forward:127.0.0.1:*", TO("0x7f000001", 22), True),
        ("forward:127.1:22", TO("127.0.0.1", 22), True),
        ("forward:[::ffff:127.0.0.1]:22", TO("127.0.0.1", 22), True),
        ("forward:[0::1]:22", TO("::1", 22), True),
        ("forward:[fd00::7]:*", TO("FD00:0::7", 22), True),
        ("forward:[fd00:*]:22", TO("fd00::7", 22), True),
        ("forward:[fd00:*", TO("fd00::7", 22), True),
        ("forward:[[]fd00:*", TO("fd00::7", 22), True),
        ("forward:[fe80::1]:22", TO("fe80::1%eth0", 22), True),
        ("forward:*:22", TO("fe80::1%eth0", 22), True),
        ("forward:10.0.*", TO("10.0.0.1", 22), True),
        ("forward:10.0.*:22", TO("10.0.0.1", 22), True),
        ("forward:10.0.*:22", TO("10.0.0.1", 23), False),
        ("forward:10.0.*", TO("10.0.evil.example", 22), False),
        ("forward:10.0.0.[1-3]:22", TO("10.0.0.2", 22), True),
        ("forward:DB.*:22", TO("db.internal", 22), True),
        ("forward:db*", TO("db.internal", 22), True),
        ("forward:d*", TO("dead::1", 22), False),
        ("forward:*:22", TO("db", 22), True),
        ("forward:*:22", SOCKET("/run/x:22"), False),
        ("forward:*", SOCKET("/run/x"), True),
        ("forward:*docker.sock", SOCKET("/run/docker.sock"), True),
        ("forward:/run/*", SOCKET("/run/docker.sock"), True),
        ("forward:/run/*", SOCKET("/run/x", listens=True), False),
        ("forward:listen:*", SOCKET("/run/x", listens=True), True),
        ("forward:listen:*:22", AT("10.0.0.1", 22), True),
        ("forward:listen:127.1:22", AT("127.0.0.1", 22), True),
        ("forward:127.0.0.1:22", AT("127.0.0.1", 22), False),
        ("forward:*:22", AT("127.0.0.1", 22), True),
        ("forward:*", AT("127.0.0.1", 22), True),
        ("*", TO("db", 22), True),
        ("forward", TO("db", 22), False),
        ("forward:db", TO("db", 22), False),
    ],
)
def test_a_rule_means_what_it_names_in_any_spelling(pattern: str, wanted: Destination, is_met: bool) -> None:
    assert meets(f"forward:{wanted.name}", pattern) is is_met
