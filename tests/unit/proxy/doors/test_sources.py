"""Whom an address counts for."""

import pytest

from proxy.doors.sources import UNKNOWN, source_of


@pytest.mark.finding("M3")
@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("::ffff:cb00:7109", "203.0.113.9"),
        ("64:ff9b::203.0.113.9", "203.0.113.9"),
        ("64:ff9b:1::203.0.113.9", "64:ff9b:1::/64"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", UNKNOWN),
        ("unknown", UNKNOWN),
        ("/run/socket", UNKNOWN),
    ],
)
def test_one_address_or_one_site_is_one_source(host: str, source: str) -> None:
    assert source_of(host) == source
