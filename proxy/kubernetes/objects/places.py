"""Where a value stands in an API server's answer, as far as that says what it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

#: Encoding of items in a list leaves out what all of them are (meta/v1, TypeMeta): the list's kind says it.
_LIST = "List"
SECRET = "Secret"  # noqa: S105 - a kind of object


@dataclass(frozen=True)
class Place:
    """What is known of an object or an array by what it stands in."""

    #: The kind of an object that names none; empty: it has one, which is not known; None: it need not have any.
    kind: str | None = None
    #: The name that says what everything in it is; empty: none does.
    under: str = ""
    #: Its members' names are those of a schema, and what stands beside them describes.
    is_schema: bool = False
    #: The names of a Table's columns, for its rows.
    columns: tuple[str, ...] = ()
    #: The same for the cells of one row.
    heads: tuple[str, ...] = ()

    def kind_of(self, members: Mapping[str, Any]) -> str | None:
        """The kind of the object that stands here; one of a kind that nobody names is a Secret if it may be one."""
        kind = members.get("kind")
        if isinstance(kind, str) and kind:
            return kind
        if self.kind == "" and ("data" in members or "stringData" in members):
            return SECRET
        return self.kind

    def below(self, members: Mapping[str, Any], key: str, kind: str | None, under: str) -> "Place":
        """The place of what stands at `key` of the object with these members, of this kind."""
        match key:
            case "items" if kind is not None and kind.endswith(_LIST):
                return Place(kind.removesuffix(_LIST), under)
            case "rows" if kind == "Table":
                return Place(under=under, columns=columns_of(members) or self.columns)
            case "cells":
                return Place(under=under, heads=self.columns)
            case "object" | "raw":
                return Place("", under, columns=self.columns)
            case "properties":
                return Place(under=under, is_schema=True)
            case _:
                return Place(under=under) if under else ANYWHERE


ANYWHERE = Place()


def columns_of(table: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the columns of a Table (meta/v1, Table); none if it does not define any, as in a watch."""
    definitions: Any = table.get("columnDefinitions")
    if not isinstance(definitions, list):
        return ()
    names = [
        cast("dict[str, Any]", each).get("name") if isinstance(each, dict) else ""
        for each in cast("list[Any]", definitions)
    ]
    return tuple(name if isinstance(name, str) else "" for name in names)
