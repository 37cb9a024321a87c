"""Media types: what real clients ask for, and what may be asked in its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.kubernetes.requests.accepting import Accepted, BodyType, accepted, body_type
from proxy.kubernetes.requests.unreadable import Unreadable

PROTOBUF = "application/vnd.kubernetes.protobuf"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
TABLE_BETA = "application/json;as=Table;v=v1beta1;g=meta.k8s.io"
METADATA = "as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
SCHEMA_V2 = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
SCHEMA_V3 = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf"


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        ("APPLICATION/JSON", "application/json"),
        ("application/json, */*", "application/json"),
        (f"{PROTOBUF},application/json", "application/json"),
        (f"{PROTOBUF}, */*", "application/json"),
        (f"{TABLE},{TABLE_BETA},application/json", f"{TABLE}, {TABLE_BETA}, application/json"),
        (
            f"{PROTOBUF};{METADATA},application/json;{METADATA},application/json",
            f"application/json;{METADATA}, application/json",
        ),
        (f"{DISCOVERY},application/json", f"{DISCOVERY}, application/json"),
        (f"{DISCOVERY};profile=nopeer,application/json", f"{DISCOVERY};profile=nopeer, application/json"),
        ("application/cbor;q=0.9,application/json;q=0.8", "application/json;q=0.8"),
        ("application/json; charset=utf-8", "application/json;charset=utf-8"),
        ("application/json;stream=watch", "application/json;stream=watch"),
        ("application/yaml, application/json", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json;q=0.8"),
        ("*/*;as=Table", None),
        ("application/json;q=0", None),
        ("*/*;q=0.000", None),
        (PROTOBUF, None),
        (f"{PROTOBUF};stream=watch", None),
        ("application/cbor", None),
        ("application/cbor-seq", None),
        ("text/plain", None),
        ("text/*", None),
        ("json", None),
        ("application/json;as=Secret;v=v1;g=meta.k8s.io", None),
        ("application/json;as=Table", None),
        ("application/json;as=Table;v=v1;g=apps", None),
        ("application/json;as=Table;as=Table;v=v1;g=meta.k8s.io", None),
        ('application/json;x="a,b"', None),
        ("application/json;export=1", None),
        ("application/json;q=2", None),
        ("application/json;q=high", None),
        ("application/json;", None),
        ("application/json\r\nX: y", None),
        ("application/yaml;as=Table;v=v1;g=meta.k8s.io", None),
        (SCHEMA_V2, None),
    ],
)
def test_what_is_asked(header: str | None, asked: str | None) -> None:
    assert accepted(header) == (None if asked is None else Accepted(asked))


@pytest.mark.parametrize(
    "header", ["application/yaml", f"{PROTOBUF}, application/yaml;q=0.5", "application/yaml, text/plain"]
)
def test_yaml_is_asked_as_json(header: str) -> None:
    assert accepted(header) == Accepted("application/json", as_yaml=True)


def test_schemas() -> None:
    assert accepted(SCHEMA_V2, schemas=True) == Accepted(SCHEMA_V2)
    assert accepted(f"{SCHEMA_V3}, application/json", schemas=True) == Accepted(f"{SCHEMA_V3}, application/json")
    assert accepted(PROTOBUF, schemas=True) is None


@pytest.mark.parametrize("header", ["a" * 4097, "*/*," * 64])
def test_too_much(header: str) -> None:
    with pytest.raises(Unreadable, match="too long"):
        accepted(header)


@given(st.text(max_size=60) | st.text(st.sampled_from("aplicton/jsyml*;=,q.01 +"), max_size=60))
def test_whatever_is_asked_is_readable(header: str) -> None:
    found = accepted(header)
    assert found is None or all(each.startswith("application/json") for each in found.asked.split(", "))


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (None, BodyType.JSON),
        ("", BodyType.JSON),
        ("application/json", BodyType.JSON),
        ("Application/JSON; charset=UTF-8", BodyType.JSON),
        ("application/json;", BodyType.JSON),
        ("application/yaml", BodyType.YAML),
        ("application/json-patch+json", BodyType.JSON_PATCH),
        ("application/merge-patch+json", BodyType.MERGE_PATCH),
        ("application/strategic-merge-patch+json", BodyType.STRATEGIC_MERGE_PATCH),
        ("application/apply-patch+yaml", BodyType.APPLY_PATCH),
    ],
)
def test_bodies(header: str | None, found: BodyType) -> None:
    assert body_type(header) is found


@pytest.mark.parametrize(
    "header",
    [
        PROTOBUF,
        "application/cbor",
        "application/apply-patch+cbor",
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/json, application/yaml",
        "application/json; charset=utf-16",
        "application/json; charset=utf-8; charset=utf-16",
        "application/json; x=y",
        "application/json; charset",
        "json",
    ],
)
def test_bodies_that_hide_what_they_ask(header: str) -> None:
    with pytest.raises(Unreadable, match=r"\.$"):
        body_type(header)
