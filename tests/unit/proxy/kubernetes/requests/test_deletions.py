"""Deletions: with a body, the address' parameters mean nothing."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.kubernetes.requests.deletions import MAX_OPTIONS_BYTES, with_options
from proxy.kubernetes.requests.info import RequestInfo, info_of
from proxy.kubernetes.requests.unreadable import Unreadable

POD = info_of("DELETE", "/api/v1/namespaces/prod/pods/web", "dryRun=All")
PODS = info_of("DELETE", "/api/v1/namespaces/prod/pods")


@pytest.mark.parametrize("info", [POD, PODS], ids=["delete", "deletecollection"])
@pytest.mark.parametrize(
    ("query", "body", "dry"),
    [
        ("", b"", False),
        ("dryRun=All", b"", True),
        ("dryRun=All", b"{}", False),
        ("dryRun=All", b'{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background"}', False),
        ("dryRun=All", b'{"dryRun":null}', False),
        ("dryRun=All", b'{"dryRun":[]}', False),
        ("", b'{"kind":"DeleteOptions","dryRun":["All"]}', True),
        ("", b'{"DryRun":["All"]}', False),
    ],
)
def test_what_the_body_says_counts(info: RequestInfo, query: str, body: bytes, *, dry: bool) -> None:
    assert with_options(info, query, body).dry_run is dry


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"[]",
        b"null",
        b'"x"',
        b"dryRun: [All]",
        b'{"dryRun":["All"]',
        b'{"dryRun":"All"}',
        b'{"dryRun":[1]}',
        b'{"dryRun":["all"]}',
        b'{"dryRun":["All","All"]}',
        b'{"dryRun":["All"],"dryRun":[]}',
        b'{"dryRun":["All"],"dryrun":[]}',
        b'{"x":{"y":1,"y":2}}',
        b'{"gracePeriodSeconds":NaN}',
        b'{"x":' + b"9" * 5000 + b"}",
        b"k8s\0\n\r",
        b"\xff\xfe{}",
        b"[" * 5000,
        b'{"a":' * 5000,
        b"{" + b" " * MAX_OPTIONS_BYTES + b"}",
    ],
)
def test_bodies_that_are_not_read_in_one_way(body: bytes) -> None:
    with pytest.raises(Unreadable, match=r"DeleteOptions as JSON|dryRun=All"):
        with_options(POD, "", body)


def test_the_address_of_a_deletion_without_a_body() -> None:
    with pytest.raises(Unreadable, match="dryRun=All"):
        with_options(POD, "dryRun=Some", b"")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/namespaces/prod/pods"),
        ("DELETE", "/api/v1/namespaces/prod/pods/web/proxy/x"),
        ("DELETE", "/logs"),
    ],
)
def test_what_is_no_deletion_stays(method: str, path: str) -> None:
    info = info_of(method, path)
    assert with_options(info, "dryRun=All", b"anything") is info


@given(st.binary(max_size=60) | st.text(st.sampled_from('{}[]":,dryRunAll01 '), max_size=40).map(str.encode))
def test_anything_else_is_refused(body: bytes) -> None:
    with suppress(Unreadable):
        with_options(POD, "", body)
