"""Who a request comes from, by the word of proxies that are listed and of nobody else."""

import ipaddress

import pytest

from web.door.forwarded import client, disagree, is_listed
from web.settings import ForwardedBy

PROXIES = (ipaddress.ip_network("10.0.0.0/24"), ipaddress.ip_network("2001:db8::/64"))


@pytest.mark.parametrize(
    ("address", "listed"),
    [
        ("10.0.0.7", True),
        ("::ffff:10.0.0.7", True),
        ("2001:db8::1", True),
        ("10.0.1.7", False),
        ("fe80::1%eth0", False),
        ("unknown", False),
        ("", False),
    ],
)
def test_listed_proxies(address: str, listed: bool) -> None:
    assert is_listed(address, PROXIES) is listed


@pytest.mark.parametrize(
    ("forwarded", "forwarded_for", "whose"),
    [
        (["for=192.0.2.60;proto=https;by=203.0.113.43"], [], "192.0.2.60"),
        (['for="[2001:db8:cafe::17]:4711"'], [], "2001:db8:cafe::17"),
        (["For=192.0.2.43, for=198.51.100.17"], [], "198.51.100.17"),
        (["for=1.2.3.4", "for=192.0.2.9, for=10.0.0.3"], [], "192.0.2.9"),
        ([], ["1.2.3.4, 192.0.2.7"], "192.0.2.7"),
        ([], ["1.2.3.4", "192.0.2.7, 10.0.0.8"], "192.0.2.7"),
        ([], ["192.0.2.7:4711"], "192.0.2.7"),
        ([], ["::ffff:192.0.2.7"], "192.0.2.7"),
        # What hides its client hides it: whoever stands left of it is invented.
        (["for=1.2.3.4, for=_hidden"], [], None),
        (["for=1.2.3.4, proto=https"], [], None),
        ([], ["1.2.3.4, evil"], None),
        (["for=10.0.0.2"], [], None),
        ([], [], None),
        # Both, and they agree.
        (["for=1.2.3.4, for=192.0.2.60"], ["9.9.9.9, 192.0.2.60:4711"], "192.0.2.60"),
        # Both, and one was made up by the client: nobody can tell which.
        (["for=192.0.2.60"], ["1.2.3.4"], None),
        (["for=192.0.2.60"], ["evil"], None),
        (["for=_hidden"], ["192.0.2.60"], None),
        (["for=10.0.0.2"], ["192.0.2.60"], None),
        ([""], ["192.0.2.60"], None),
    ],
)
def test_the_nearest_that_is_no_proxy(forwarded: list[str], forwarded_for: list[str], whose: str | None) -> None:
    assert client(forwarded, forwarded_for, PROXIES) == whose


@pytest.mark.parametrize(
    ("by", "forwarded", "forwarded_for", "whose"),
    [
        (ForwardedBy.X_FORWARDED_FOR, ["for=1.2.3.4"], ["192.0.2.60"], "192.0.2.60"),
        (ForwardedBy.FORWARDED, ["for=192.0.2.60"], ["1.2.3.4"], "192.0.2.60"),
        # What the proxy sets is not there: the other one is nobody's word.
        (ForwardedBy.X_FORWARDED_FOR, ["for=1.2.3.4"], [], None),
        (ForwardedBy.FORWARDED, [], ["1.2.3.4"], None),
    ],
)
def test_only_the_header_that_the_proxy_sets(
    by: ForwardedBy, forwarded: list[str], forwarded_for: list[str], whose: str | None
) -> None:
    assert client(forwarded, forwarded_for, PROXIES, by) == whose


def test_headers_that_disagree() -> None:
    assert disagree(["for=1.2.3.4"], ["192.0.2.60"], PROXIES)
    assert not disagree(["for=192.0.2.60"], ["192.0.2.60, 10.0.0.3"], PROXIES)
    assert not disagree(["for=_hidden"], [], PROXIES)
    assert not disagree([], [], PROXIES)
