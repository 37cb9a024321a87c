"""What rules and people are told of a request."""

from dataclasses import replace

import pytest

from access.policy.labels import ANY_NAME, ANY_NAMESPACE
from access.policy.shapes.statement_rules import StatementRule
from proxy.kubernetes.requests import paths
from proxy.kubernetes.requests.facts import MAX_TEXT_CHARACTERS, facts_of
from proxy.kubernetes.requests.info import info_of
from proxy.kubernetes.requests.unreadable import Unreadable
from proxy.statements import StatementFacts, match
from storage.model import VerdictKind

N = "/api/v1/namespaces/prod"
D = "/apis/apps/v1/namespaces/prod/deployments"


def facts(request: str) -> StatementFacts:
    method, _, target = request.partition(" ")
    found = paths.split(f"/c{target}")
    return facts_of(info_of(method, found.path, found.query))


@pytest.mark.parametrize(
    ("request_line", "labels"),
    [
        (f"GET {N}/pods/web", "verb:get resource:pods namespace:prod name:web"),
        (f"GET {N}/pods", "verb:list resource:pods namespace:prod name:*"),
        (f"GET {N}/pods?fieldSelector=metadata.name=web", "verb:list resource:pods namespace:prod name:web"),
        ("GET /api/v1/pods?watch=1", "verb:watch resource:pods namespace:* name:*"),
        (f"POST {N}/pods", "verb:create resource:pods namespace:prod name:*"),
        (f"POST {N}/pods?dryRun=All", "verb:create resource:pods namespace:prod name:* dry_run"),
        (f"DELETE {D}/web", "verb:delete resource:apps/deployments namespace:prod name:web"),
        (f"DELETE {D}", "verb:deletecollection resource:apps/deployments namespace:prod name:*"),
        (f"PATCH {D}/web/scale", "verb:patch resource:apps/deployments subresource:scale namespace:prod name:web"),
        ("GET /apis/apps/v1/deployments", "verb:list resource:apps/deployments namespace:* name:*"),
        (f"GET {N}/pods/web/log", "verb:get resource:pods subresource:log namespace:prod name:web"),
        (f"GET {N}", "verb:get resource:namespaces namespace:prod name:prod"),
        (f"PUT {N}/finalize", "verb:update resource:namespaces subresource:finalize namespace:prod name:prod"),
        ("GET /api/v1/namespaces", "verb:list resource:namespaces namespace:* name:*"),
        ("POST /api/v1/namespaces", "verb:create resource:namespaces namespace:* name:*"),
        ("GET /api/v1/nodes/n1", "verb:get resource:nodes name:n1"),
        ("GET /api/v1/nodes", "verb:list resource:nodes name:*"),
        ("GET /apis/example.com/v1/widgets/w", "verb:get resource:example.com/widgets namespace:* name:w"),
        (f"POST {N}/pods/web/exec", "verb:create resource:pods subresource:exec namespace:prod name:web tunnel"),
        (f"GET {N}/pods/web/exec", "verb:create resource:pods subresource:exec namespace:prod name:web tunnel"),
        (f"GET {N}/pods/web/attach", "verb:create resource:pods subresource:attach namespace:prod name:web tunnel"),
        (
            f"GET {N}/pods/web/portforward",
            "verb:create resource:pods subresource:portforward namespace:prod name:web tunnel",
        ),
        (f"GET {N}/pods/web:80/proxy/x", "verb:get resource:pods subresource:proxy namespace:prod name:web tunnel"),
        (
            f"PUT {N}/services/https:web:80/proxy",
            "verb:update resource:services subresource:proxy namespace:prod name:web tunnel",
        ),
        ("GET /api/v1/nodes/n1/proxy/metrics", "verb:get resource:nodes subresource:proxy name:n1 tunnel"),
        ("POST /api/v1/proxy/nodes/n1/x", "verb:proxy resource:nodes name:n1 tunnel"),
        ("GET /metrics", "verb:get path:/metrics"),
        ("GET /api/v1", "verb:get path:/api/v1"),
        ("OPTIONS /api/", "verb:options path:/api/"),
        (
            "GET /apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode",
            "verb:get resource:rbac.authorization.k8s.io/clusterroles name:system:node",
        ),
    ],
)
def test_labels(request_line: str, labels: str) -> None:
    assert facts(request_line).labels == {"request", *labels.split()}


@pytest.mark.parametrize(
    ("request_line", "kind", "text"),
    [
        (f"GET {N}/pods/web", "get", "get pods web -n prod"),
        ("GET /api/v1/pods?labelSelector=app%3Dweb", "list", "list pods -A -l app=web"),
        (f"GET {N}/pods?labelSelector=a+in+(b)&watch=1", "watch", "watch pods -n prod -l 'a in (b)'"),
        (f"GET {N}/pods?fieldSelector=a%3Db", "list", "list pods -n prod --field-selector a=b"),
        (f"DELETE {D}/web", "delete", "delete apps/deployments web -n prod"),
        (f"PATCH {D}/web/scale?dryRun=All", "patch", "patch apps/deployments/scale web -n prod (dry run)"),
        (f"GET {N}", "get", "get namespaces prod"),
        ("GET /api/v1/namespaces", "list", "list namespaces"),
        ("GET /api/v1/nodes", "list", "list nodes"),
        (f"GET {N}/pods/web/exec?command=sh", "create", "create pods/exec web -n prod"),
        (f"GET {N}/services/https:web:443/proxy/a%20b/c/", "get", "get services/proxy https:web:443 '/a b/c/' -n prod"),
        (f"GET {N}/services/web/proxy", "get", "get services/proxy web -n prod"),
        ("GET /api/v1/proxy/nodes/n1/stats/", "proxy", "proxy nodes n1 /stats/"),
        (f"GET {D}/web/scale/more/x", "get", "get apps/deployments/scale web more/x -n prod"),
        ("GET /metrics", "request", "GET /metrics"),
        ("HEAD /a%20b", "request", "HEAD '/a b'"),
        # A name cannot look like something else of the line.
        (f"GET {N}/pods/web%20-n%20dev", "get", "get pods 'web -n dev' -n prod"),
        (f"GET {N}/pods/web%20(dry%20run)", "get", "get pods 'web (dry run)' -n prod"),
        ("GET /api/v1/pods?labelSelector=a%0Ab%E2%80%AE", "list", "list pods -A -l 'a\\nb\\u202e'"),
    ],
)
def test_kind_and_text(request_line: str, kind: str, text: str) -> None:
    found = facts(request_line)
    assert (found.kind, found.text, found.unreviewable) == (kind, text, "")


def test_a_long_line_is_cut_and_says_so() -> None:
    found = facts(f"GET /api/v1/pods?labelSelector={'a' * 2000}")
    assert len(found.text) == MAX_TEXT_CHARACTERS
    assert found.text.endswith("a…")
    assert found.unreviewable
    assert not facts(f"GET /api/v1/pods?labelSelector={'a' * 900}").unreviewable


def test_a_proxied_object_without_a_name() -> None:
    with pytest.raises(Unreadable):
        facts(f"GET {N}/services/ftp:web:21/proxy/")


@pytest.mark.parametrize("request_line", ["GET /api/v1/secrets", "DELETE /apis/example.com/v1/widgets"])
def test_what_names_no_namespace_meets_what_denies_one(request_line: str) -> None:
    denying = StatementRule(name="no", match=["namespace:prod & name:db"], verdict=VerdictKind.DENY, message="No.")
    allowing = StatementRule(name="yes", match=["namespace:prod"], verdict=VerdictKind.ALLOW)
    assert {ANY_NAME, ANY_NAMESPACE} <= facts(request_line).labels
    assert match([denying], facts(request_line)) is denying
    assert match([allowing], facts(request_line)) is None


def test_who_may_read_may_not_open_a_shell() -> None:
    reading = StatementRule(name="reading", match=["verb:get", "verb:list"], verdict=VerdictKind.ALLOW)
    else_ = StatementRule(name="else", match=["*"], verdict=VerdictKind.DENY, message="No.")
    assert match([reading, else_], facts(f"GET {N}/pods/web/exec?command=sh")) is else_
    assert match([reading, else_], facts(f"GET {N}/pods/web")) is reading


def test_a_name_from_a_body_takes_its_place() -> None:
    info = info_of("POST", f"{N}/pods")
    named = replace(info, name="web")
    assert "name:web" in facts_of(named).labels
    assert facts_of(named).text == "create pods web -n prod"
