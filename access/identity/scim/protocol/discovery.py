"""What the endpoint says of itself: its abilities, its types of resources, and their schemas (RFC 7644, 4). Pure."""

from functools import cache
from typing import Any, Final

from scim2_models import Resource, ResourceType, Schema, ServiceProviderConfig

from access.identity.scim.protocol import showing
from access.identity.scim.protocol.resources import Group, User

#: Of one page of a list.
MAX_RESULTS: Final = 200

_TYPES: Final[tuple[type[Resource[Any]], ...]] = (User, Group)
_DESCRIBED: Final[tuple[type[Resource[Any]], ...]] = (*_TYPES, ServiceProviderConfig, ResourceType, Schema)


def config(base: str) -> dict[str, Any]:
    """`base` is the address of the endpoint."""
    no = {"supported": False}
    return {
        "schemas": [str(ServiceProviderConfig.__schema__)],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MAX_RESULTS},
        "changePassword": no,
        "sort": no,
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "The token that the policy of Gatepass names for this provider.",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }


def resource_types(base: str) -> dict[str, dict[str, Any]]:
    """By their ids."""
    found: dict[str, dict[str, Any]] = {}
    for model in _TYPES:
        described = ResourceType.from_resource(model).model_dump()
        name = str(described["id"])
        found[name] = {**described, "meta": _meta("ResourceType", f"{base}/ResourceTypes/{name}")}
    return found


def schemas(base: str) -> dict[str, dict[str, Any]]:
    """By their ids, which are URNs."""
    return {
        name: {**described, "meta": _meta("Schema", f"{base}/Schemas/{name}")} for name, described in _schemas().items()
    }


def all_of(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return showing.listed(list(found.values()), len(found), 1)


@cache
def _schemas() -> dict[str, dict[str, Any]]:
    return {str(model.__schema__): model.to_schema().model_dump() for model in _DESCRIBED}


def _meta(kind: str, location: str) -> dict[str, Any]:
    return {"resourceType": kind, "location": location}
