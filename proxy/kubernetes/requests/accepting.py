"""Media types that may be asked of an API server and sent to it: those that the gateway reads. Pure.

RFC 9110, 12.5.1; https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources.
Kubernetes speaks JSON, YAML, protobuf and CBOR, and takes whichever the client likes best. Objects are asked for as
JSON, whatever else a client would like: every client of Kubernetes reads it. A document of OpenAPI holds no objects.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from proxy.kubernetes.requests.unreadable import Unreadable

MAX_HEADER_CHARACTERS: Final = 4 * 1024
MAX_RANGES: Final = 64

JSON: Final = "application/json"
YAML: Final = "application/yaml"

#: kube-openapi, pkg/handler and pkg/handler3: the schemas of /openapi/v2 and /openapi/v3, old spelling and new.
_OF_SCHEMAS: Final = frozenset(
    f"application/com.github.proto-openapi.spec.{each}+protobuf"
    for each in ("v2@v1.0", "v2.v1.0", "v3@v1.0", "v3.v1.0")
)
_ANY: Final = frozenset({"*/*", "application/*"})
_TYPE: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z@]+/[!#$%&'*+\-.^_`|~0-9A-Za-z@]+")
#: Values as Kubernetes writes them; nobody quotes them.
_PARAMETER: Final = re.compile(r"\s*([A-Za-z]+)=([A-Za-z0-9.\-]+)\s*")
_WEIGHT: Final = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
#: What an answer may be made into (k8s.io/apiserver, pkg/endpoints/handlers/response.go), and in which group.
_AS: Final = {
    "Table": "meta.k8s.io",
    "PartialObjectMetadata": "meta.k8s.io",
    "PartialObjectMetadataList": "meta.k8s.io",
    "APIGroupDiscoveryList": "apidiscovery.k8s.io",
}
_OTHER_PARAMETERS: Final = {
    "q": _WEIGHT,
    "charset": re.compile(r"utf-8", re.IGNORECASE),
    "pretty": re.compile(r"[01]"),
    "profile": re.compile(r"nopeer"),
    "stream": re.compile(r"watch"),
}


@dataclass(frozen=True)
class Accepted:
    """What the API server is asked for, and what the client is to get of it."""

    #: The value of `Accept`.
    asked: str
    #: The client reads YAML and no JSON.
    as_yaml: bool = False


class BodyType(StrEnum):
    """Bodies of requests that can be read."""

    JSON = "application/json"
    YAML = "application/yaml"
    JSON_PATCH = "application/json-patch+json"
    MERGE_PATCH = "application/merge-patch+json"
    STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
    APPLY_PATCH = "application/apply-patch+yaml"


@dataclass(frozen=True)
class _Range:
    type: str
    #: Without the weight.
    parameters: tuple[tuple[str, str], ...] = ()
    weight: str | None = None

    @property
    def is_plain(self) -> bool:
        return not any(name == "as" for name, _ in self.parameters)

    @property
    def written(self) -> str:
        weight = [] if self.weight is None else [("q", self.weight)]
        return ";".join([self.type, *(f"{name}={value}" for name, value in (*self.parameters, *weight))])


def accepted(header: str | None, *, schemas: bool = False) -> Accepted | None:
    """What may be asked instead of this `Accept`; None if nothing that the client takes can be read (406).

    `schemas`: a document of OpenAPI is asked for, which may come as protobuf. Several headers are joined by commas.
    """
    if header is None or not header.strip():
        return Accepted(JSON)
    if len(header) > MAX_HEADER_CHARACTERS or header.count(",") >= MAX_RANGES:
        raise Unreadable("The header Accept is too long. Ask for application/json.")
    ranges = [found for each in header.split(",") if (found := _range(each)) is not None and _is_wanted(found)]
    readable = dict.fromkeys(each.written for each in ranges if _is_readable(each, schemas=schemas))
    if readable:
        return Accepted(", ".join(readable))
    return Accepted(JSON, as_yaml=True) if any(each.type == YAML and each.is_plain for each in ranges) else None


def _range(text: str) -> _Range | None:
    """One range with parameters that are known; None for any other."""
    name, *parameters = text.split(";")
    matches = [_PARAMETER.fullmatch(each) for each in parameters]
    if not _TYPE.fullmatch(name.strip()) or None in matches:
        return None
    found = [(match[1].lower(), match[2]) for match in matches if match is not None]
    if len(dict(found)) < len(found) or not _are_known(dict(found)):
        return None
    kind = name.strip().lower()
    rest = tuple((key, value) for key, value in found if key != "q")
    return _Range(JSON if kind in _ANY else kind, () if kind in _ANY else rest, dict(found).get("q"))


def _are_known(parameters: dict[str, str]) -> bool:
    converting = {name: value for name, value in parameters.items() if name in {"as", "g", "v"}}
    if converting and (len(converting) < 3 or _AS.get(converting["as"]) != converting["g"]):
        return False
    others = parameters.keys() - converting.keys()
    return all(name in _OTHER_PARAMETERS and _OTHER_PARAMETERS[name].fullmatch(parameters[name]) for name in others)


def _is_wanted(found: _Range) -> bool:
    return found.weight is None or float(found.weight) > 0


def _is_readable(found: _Range, *, schemas: bool) -> bool:
    return found.type == JSON or (schemas and found.type in _OF_SCHEMAS)


def body_type(header: str | None) -> BodyType:
    """What the body of a request is, by its `Content-Type` (None: JSON, as an API server takes it).

    Raises Unreadable for bodies that hide what they ask for, and for what is no media type.
    """
    name, *parameters = (header or "").split(";")
    matches = [_PARAMETER.fullmatch(each) for each in parameters if each.strip()]
    if len(matches) > 1 or not all(
        match and (match[1].lower(), match[2].lower()) == ("charset", "utf-8") for match in matches
    ):
        raise Unreadable("The header Content-Type has parameters beside charset=utf-8. Leave them out.")
    try:
        return BodyType(name.strip().lower() or JSON)
    except ValueError:
        raise Unreadable(
            "The request's body is of a type that Gatepass does not read, and so cannot judge. Send JSON "
            "or YAML; a client of client-go does with ContentType: application/json."
        ) from None
