"""What the endpoint says of itself."""

from access.identity.scim.protocol import discovery
from access.identity.scim.protocol.resources import GROUP, USER

BASE = "https://gate.example.com/scim/v2/corp"


def test_types_are_told_with_schemas_that_are_there() -> None:
    types = discovery.resource_types(BASE)
    assert {name: (each["endpoint"], each["schema"]) for name, each in types.items()} == {
        "User": ("/Users", USER),
        "Group": ("/Groups", GROUP),
    }
    assert {each["schema"] for each in types.values()} <= discovery.schemas(BASE).keys()
    assert types["User"]["meta"]["location"] == f"{BASE}/ResourceTypes/User"


def test_no_password_is_taken() -> None:
    attributes = {each["name"] for each in discovery.schemas(BASE)[USER]["attributes"]}
    assert attributes >= {"userName", "emails", "active", "groups"}
    assert "password" not in attributes


def test_what_it_can() -> None:
    said = discovery.config(BASE)
    assert {name: said[name]["supported"] for name in ("patch", "bulk", "filter", "sort", "etag")} == {
        "patch": True,
        "bulk": False,
        "filter": True,
        "sort": False,
        "etag": True,
    }
