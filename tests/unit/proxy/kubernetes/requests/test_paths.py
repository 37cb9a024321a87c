"""Targets: one spelling is judged and sent, and what anybody reads in two ways is read in none."""

from contextlib import suppress
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.kubernetes.requests import paths
from proxy.kubernetes.requests.paths import Target
from proxy.kubernetes.requests.unreadable import Unreadable

#: RFC 3986 pchar, without the semicolon and the percent sign.
PLAIN = "abcXYZ019-._~!$&'()*+,=:@"
NAMES = st.text(st.sampled_from(PLAIN + ' é[]{}|^`"<>'), min_size=1, max_size=12).filter(lambda s: s not in {".", ".."})


@pytest.mark.parametrize(
    ("target", "resource", "role", "path", "query"),
    [
        ("/prod", "prod", None, "/", ""),
        ("/prod/", "prod", None, "/", ""),
        ("/prod?a=b", "prod", None, "/", "a=b"),
        ("/prod/api", "prod", None, "/api", ""),
        ("/prod/api/", "prod", None, "/api/", ""),
        ("/prod/api/v1/pods?watch=true&x=%2F", "prod", None, "/api/v1/pods", "watch=true&x=%2F"),
        ("/prod/api/v1/pods?", "prod", None, "/api/v1/pods", ""),
        ("/admin@prod/api", "prod", "admin", "/api", ""),
        ("/admin%40prod/api", "prod", "admin", "/api", ""),
        ("/a.b-c_d@e.f-g_h/version", "e.f-g_h", "a.b-c_d", "/version", ""),
        (
            "/prod/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node",
            "prod",
            None,
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node",
            "",
        ),
        (
            "/prod/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode",
            "prod",
            None,
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node",
            "",
        ),
        (
            "/prod/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3anode",
            "prod",
            None,
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node",
            "",
        ),
        ("/prod/a/my%20role", "prod", None, "/a/my%20role", ""),
        ("/prod/a/%c3%a9", "prod", None, "/a/%C3%A9", ""),
        ("/prod/a/x%7Ey", "prod", None, "/a/x~y", ""),
        ("/prod/a/b%40c", "prod", None, "/a/b@c", ""),
        ("/prod/a/...", "prod", None, "/a/...", ""),
        ("/prod/a/..b", "prod", None, "/a/..b", ""),
        ("/prod/a?x=1?y=/2", "prod", None, "/a", "x=1?y=/2"),
    ],
)
def test_targets(target: str, resource: str, role: str | None, path: str, query: str) -> None:
    assert paths.split(target) == Target(resource, role, path, query)


def test_how_it_is_written_and_sent() -> None:
    assert (paths.split("/a%40b/api?x=1").door, paths.split("/a%40b/api?x=1").sent) == ("a@b", "/api?x=1")
    assert (paths.split("/b/api").door, paths.split("/b/api").sent) == ("b", "/api")


@pytest.mark.parametrize(
    "target",
    [
        "",
        "*",
        "prod/api",
        "gateway:443",
        "http://gateway/prod/api",
        "//prod/api",
        "///",
        "/",
        "/?x",
        "/Prod/api",
        "/-prod/api",
        "/@prod/api",
        "/admin@/api",
        "/a@b@c/api",
        "/a%2540b/api",
        "/%70rod/api",
        "/prod%2Fapi",
        "/prod:443/api",
        f"/{'a' * 64}/api",
        "/../prod/api",
    ],
)
def test_what_names_no_cluster(target: str) -> None:
    with pytest.raises(Unreadable, match=r"\.$"):
        paths.split(target)


@pytest.mark.parametrize(
    "rest",
    [
        "//pods",
        "/pods//",
        "//",
        "/a//b",
        "/./pods",
        "/../pods",
        "/pods/.",
        "/pods/..",
        "/pods/../secrets",
        "/%2e/pods",
        "/%2E%2e/pods",
        "/.%2e/pods",
        "/pods%2fx",
        "/pods%2Fx",
        "/pods%5cx",
        "/pods%5Cx",
        "/pods%00",
        "/pods%0a",
        "/pods%0D%0AHost:x",
        "/pods%7f",
        "/pods%1b",
        "/pods%c2%85",
        "/pods%e2%80%ae",
        "/pods%e2%80%a8",
        "/pods%ff",
        "/pods%c0%af",
        "/pods%ed%a0%80",
        "/pods\\x",
        "/pods;x=y",
        "/pods%3bx",
        "/pods%23x",
        "/pods%3fx",
        "/pods#x",
        "/pods?x#y",
        "/pods%",
        "/pods%2",
        "/pods%zz",
        "/pods%u0041",
        "/pods%252e",
        "/pods%252F",
        "/pods%25",
        "/p%6fds",
        "/p%6Fds",
        "/p%4Fds",
        "/x%2dy",
        "/x%5Fy",
        "/x%30y",
        "/pods x",
        "/pods\tx",
        "/pods\nx",
        "/pods\r\nx",
        "/pods\x00",
        "/pods\x7f",
        "/podé",
        "/pod\udcff",
        "/pods[0]",
        "/pods{x}",
        "/pods|x",
        "/pods<x>",
        "/pods^x",
        "/pods`x",
        '/pods"x',
        "/pods?a;b",
        "/pods?a b",
        "/pods?a\\b",
        "/pods?a=%",
        "/pods?a=%f",
        "/pods?a=é",
        "/pods?a=\x00",
        "/pods?a=[x]",
        "/" + "a" * 8192,
        "/pods?" + "a" * (64 * 1024 + 1),
    ],
)
def test_what_somebody_reads_otherwise(rest: str) -> None:
    with pytest.raises(Unreadable, match=r"\.$"):
        paths.split(f"/prod{rest}")


def test_how_long_they_may_be() -> None:
    assert paths.split("/c/" + "a" * (8192 - 3)).path == "/" + "a" * (8192 - 3)
    assert len(paths.split("/c/a?" + "a" * 65_536).query) == 65_536


@given(st.lists(NAMES, min_size=1, max_size=5), st.sampled_from(["", PLAIN]))
def test_every_spelling_of_names_is_one(names: list[str], safe: str) -> None:
    spelled = "/".join(quote(name, safe=safe) for name in names)
    target = paths.split(f"/prod/{spelled}")
    assert paths.segments(target.path) == names
    assert unquote(target.path) == "/" + "/".join(names)
    assert paths.canonical(target.path) == target.path


@given(st.text(max_size=40) | st.text(st.sampled_from("/.%2eEfF5cC@;?#\\aZ\x00é"), max_size=20).map("/c/".__add__))
def test_anything_else_is_refused_or_stays(target: str) -> None:
    with suppress(Unreadable):
        found = paths.split(target)
        assert paths.split(f"/{found.door}{found.sent}") == found
        assert not {"", ".", ".."} & set(paths.segments(found.path)[:-1])
