"""One spelling for each address: what a host would read as the same is the same."""

import pytest

from access.policy.values.address import MAX_HOST_CHARS, address_of, is_host, reached, spelled

LOOPBACK = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0X7F.1",
    "0x7f.0.0.0x1",
    "017700000001",
    "0177.0.0.1",
    "127.0.0.01",
    "::ffff:127.0.0.1",
    "::FFFF:7f00:1",
    "0:0:0:0:0:ffff:127.0.0.1",
    "::ffff:127.0.0.1%1",
]


@pytest.mark.parametrize("host", LOOPBACK)
def test_an_address_has_one_spelling(host: str) -> None:
    assert spelled(host) == "127.0.0.1"
    assert is_host(host)


@pytest.mark.parametrize(
    ("host", "spelling"),
    [
        ("0", "0.0.0.0"),  # noqa: S104
        ("10.1.2.3", "10.1.2.3"),
        ("255.65535.255", None),
        ("255.255.65535", "255.255.255.255"),
        ("255.16777215", "255.255.255.255"),
        ("4294967295", "255.255.255.255"),
        ("FD00:0:0::7", "fd00::7"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("::1%lo", "::1"),
        ("4294967296", None),
        ("256.0.0.1", None),
        ("1.2.3.4.5", None),
        ("127.0.0.08", None),
        ("0x", None),
        ("0x_1", None),
        ("1_0.0.0.1", None),
        ("+1.0.0.1", None),
        ("127..1", None),
        ("0o177.0.0.1", None),
        ("0x0x7f.1", None),
        ("\N{FULLWIDTH DIGIT ONE}.1.1.1", None),
        ("db.internal", None),
        ("a::b::c", None),
        ("", None),
    ],
)
def test_what_inet_aton_reads_is_an_address_and_nothing_else(host: str, spelling: str | None) -> None:
    assert address_of(host) == spelling


@pytest.mark.parametrize(
    ("host", "spelling"), [("DB.Internal.", "db.internal"), ("localhost.", "localhost"), ("[x]", "[x]")]
)
def test_names_are_lower_case_without_the_last_dot(host: str, spelling: str) -> None:
    assert spelled(host) == spelling


@pytest.mark.parametrize(
    "host", ["db.internal", "10.0.evil.example", "my_host", "xn--bcher-kva.example", "3com", "::1"]
)
def test_a_name_or_an_address_is_a_host(host: str) -> None:
    assert is_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "/run/app.sock",
        "a b",
        "127.0.0.1 ",
        "127.0.0.1\n",
        "127.0.0.1\0",
        "\N{FULLWIDTH DIGIT ONE}27.0.0.1",
        "b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher",
        # Numbers at the end that this inet_aton refuses: another may not.
        "127.0.0.08",
        "256.1",
        "1.2.3.4.5",
        "0x",
        "0b1111111",
        "db:22",
        "a%b",
        ".",
        "..",
        "db..internal",
        "db.internal..",
        "127.0.0.1..",
        "*",
        "[::1]",
        "a" * (MAX_HOST_CHARS + 1),
    ],
)
def test_what_some_resolver_reads_otherwise_is_none(host: str) -> None:
    assert not is_host(host)


def test_a_connection_to_any_address_comes_to_the_host_itself() -> None:
    assert [reached(host) for host in ("0.0.0.0", "::", "10.0.0.1")] == ["127.0.0.1", "::1", "10.0.0.1"]  # noqa: S104
