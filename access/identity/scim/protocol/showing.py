"""Users and groups as they are shown to their provider, whole or by the attributes that it asks for. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self
from uuid import UUID

from access.identity.scim.protocol.preconditions import tag
from access.identity.scim.protocol.problems import Problem
from access.identity.scim.protocol.resources import GROUP, USER
from storage.model import ScimGroup, ScimUser

LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
#: RFC 7643, 3.1: `id` is always returned, and no resource is without `schemas`.
_ALWAYS: Final = frozenset({"id", "schemas"})


@dataclass(frozen=True)
class Selection:
    """Which attributes are shown: by their names in lower case, parts as `name.givenname`. None: all."""

    only: frozenset[str] | None = None
    without: frozenset[str] = frozenset()

    @classmethod
    def read(cls, attributes: str | None, excluded: str | None) -> Self:
        """The two parameters of RFC 7644, 3.9. Raises Problem."""
        if attributes and excluded:
            raise Problem(400, "Either attributes or excludedAttributes, not both.", "invalidValue")
        return cls(_names(attributes) if attributes else None, _names(excluded or ""))

    def shows(self, attribute: str) -> bool:
        """Whether anything of an attribute is shown; its name is in lower case."""
        if self.only is not None:
            return any(each.partition(".")[0] == attribute for each in self.only)
        return attribute not in self.without

    def of(self, document: Mapping[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for name, value in document.items():
            key = name.lower()
            if key in _ALWAYS or self._is_whole(key):
                kept = value if key in _ALWAYS else _parts(value, self._without(key), keeps=False)
            elif self.shows(key):
                kept = _parts(value, self._wanted(key), keeps=True)
            else:
                continue
            if kept not in ({}, []):
                shown[name] = kept
        return shown

    def _is_whole(self, key: str) -> bool:
        return key in self.only if self.only is not None else key not in self.without

    def _wanted(self, key: str) -> frozenset[str]:
        return frozenset(each.partition(".")[2] for each in self.only or () if each.partition(".")[0] == key)

    def _without(self, key: str) -> frozenset[str]:
        return frozenset(each.partition(".")[2] for each in self.without if each.partition(".")[0] == key)


def _names(said: str) -> frozenset[str]:
    names = (each.strip().lower() for each in said.split(","))
    schemas = (f"{USER.lower()}:", f"{GROUP.lower()}:")
    return frozenset(name.removeprefix(schemas[0]).removeprefix(schemas[1]) for name in names if name)


def _parts(value: Any, parts: frozenset[str], *, keeps: bool) -> Any:
    """The named parts of a value alone, or all others."""
    if isinstance(value, list):
        return [_parts(each, parts, keeps=keeps) for each in value] if parts else value
    if not isinstance(value, dict) or not parts:
        return value
    return {name: each for name, each in value.items() if (name.lower() in parts) is keeps}


def user(row: ScimUser, groups: Iterable[tuple[UUID, str]], base: str) -> dict[str, Any]:
    """`groups` are the ids and names of those that it is in; `base` is the address of the endpoint."""
    within = [{"value": str(group), "display": display, "$ref": f"{base}/Groups/{group}"} for group, display in groups]
    return {
        "schemas": [USER],
        "id": str(row.id),
        **row.resource,
        **({"groups": within} if within else {}),
        "meta": _meta("User", row, f"{base}/Users/{row.id}"),
    }


def group(row: ScimGroup, members: Iterable[UUID], base: str) -> dict[str, Any]:
    """`members` are the users in it."""
    within = [{"value": str(member), "type": "User", "$ref": f"{base}/Users/{member}"} for member in members]
    return {
        "schemas": [GROUP],
        "id": str(row.id),
        **({"externalId": row.external_id} if row.external_id is not None else {}),
        "displayName": row.display_name,
        **({"members": within} if within else {}),
        "meta": _meta("Group", row, f"{base}/Groups/{row.id}"),
    }


def listed(resources: Sequence[Mapping[str, Any]], total: int, start: int) -> dict[str, Any]:
    """A page of a list; `start` counts from 1."""
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        **({"Resources": list(resources)} if resources or not total else {}),
    }


def _meta(kind: str, row: ScimUser | ScimGroup, location: str) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "created": _moment(row.created_at),
        "lastModified": _moment(row.modified_at),
        "version": tag(row.version),
        "location": location,
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
