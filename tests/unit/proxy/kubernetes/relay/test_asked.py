"""Which answers hold no objects, and which are events."""

import pytest

from proxy.kubernetes.relay.asked import Asked
from proxy.kubernetes.requests.accepting import Accepted
from proxy.kubernetes.requests.info import info_of
from proxy.kubernetes.requests.paths import split


def asked(path: str) -> Asked:
    target = split(f"/staging{path}")
    return Asked(info_of("GET", target.path, target.query), target, [], b"", Accepted("application/json"))


@pytest.mark.parametrize(
    ("path", "is_of_the_api"),
    [
        ("/api", True),
        ("/apis/apps/v1", True),
        ("/openapi/v3/apis/apps/v1", True),
        ("/version", True),
        ("/versions", False),
        ("/metrics", False),
        ("/logs/audit", False),
        ("/api/v1/secrets", False),
        ("/apis/apps/v1/deployments", False),
        ("/api/v1/namespaces/prod/pods/web/log", False),
    ],
)
def test_documents_of_the_api_hold_no_objects(path: str, is_of_the_api: bool) -> None:
    assert asked(path).is_of_the_api is is_of_the_api


@pytest.mark.parametrize(
    ("path", "is_watch"),
    [
        ("/api/v1/pods?watch=1", True),
        ("/api/v1/pods", False),
        ("/api/v1/watch/pods", True),
        ("/metrics?watch=1", False),
    ],
)
def test_a_watch_is_answered_by_events(path: str, is_watch: bool) -> None:
    assert asked(path).is_watch is is_watch
