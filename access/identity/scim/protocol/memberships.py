"""Operations on a group: its names and its members, who may be thousands and are never held as one resource. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from scim2_models import Path, SCIMException
from scim2_models.path import AttrPath, CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator, ValuePath

from access.identity.scim.protocol import problems, reading
from access.identity.scim.protocol.problems import Problem
from access.identity.scim.protocol.resources import GROUP, POLICY, Group

NESTED: Final = "Groups within groups are not taken: put the users into it, or let your provider send them all."


@dataclass
class GroupChange:
    """What is to become of a group, in order of the operations."""

    #: None: as it is; an empty text takes an external id away.
    display_name: str | None = None
    external_id: str | None = None
    #: Everybody leaves first.
    empties: bool = False
    joins: set[UUID] = field(default_factory=set[UUID])
    leaves: set[UUID] = field(default_factory=set[UUID])

    def add(self, members: Iterable[UUID]) -> None:
        for each in members:
            self.joins.add(each)
            self.leaves.discard(each)

    def remove(self, members: Iterable[UUID]) -> None:
        for each in members:
            self.leaves.add(each)
            self.joins.discard(each)

    def clear(self) -> None:
        self.empties, self.joins, self.leaves = True, set(), set()


def members_of(said: Any) -> list[UUID]:
    """The users that a list of members names. Raises Problem for a group among them, and for what is no id."""
    entries: list[Any] = said if isinstance(said, list) else [said]
    found: list[UUID] = []
    for entry in entries:
        value = _member_value(entry)
        try:
            found.append(UUID(value))
        except ValueError:
            raise Problem(400, "A member is no user of these.", "invalidValue") from None
    return found


def _member_value(entry: Any) -> str:
    if isinstance(entry, str):
        return entry
    if not isinstance(entry, dict):
        raise Problem(400, 'A member is {"value": the id of a user}.', "invalidValue")
    by_name = {str(key).lower(): value for key, value in entry.items()}
    kind, reference, value = by_name.get("type"), by_name.get("$ref"), by_name.get("value")
    if str(kind).lower() == "group" or "/groups/" in str(reference).lower():
        raise Problem(400, NESTED, "invalidValue")
    if not isinstance(value, str):
        raise Problem(400, "A member has no value, which is the id of a user.", "invalidValue")
    return value


def patched(body: object) -> GroupChange:
    """What the operations of a PATCH of a group ask for. Raises Problem."""
    change = GroupChange()
    for operation in reading.operations(body):
        by_name = {str(key).lower(): value for key, value in operation.items()}
        kind, path = by_name.get("op"), by_name.get("path")
        word = kind.lower() if isinstance(kind, str) else ""
        if word not in {"add", "replace", "remove"}:
            raise Problem(400, "An operation is add, replace or remove.", "invalidSyntax")
        if word != "remove" and "value" not in by_name:
            raise Problem(400, f"There is no value to {word}.", "invalidValue")
        if path is None or path == "":
            _whole(change, word, by_name.get("value"))
        elif isinstance(path, str):
            _at(change, word, path, by_name.get("value"), has_value=by_name.get("value") is not None)
        else:
            raise Problem(400, "A path is text.", "invalidPath")
    return change


def _whole(change: GroupChange, word: str, value: Any) -> None:
    """Without a path: the value has attributes by name, or paths."""
    if word == "remove":
        raise Problem(400, "What is to be removed needs a path.", "noTarget")
    if not isinstance(value, dict):
        raise Problem(400, "Without a path, the value has attributes by name.", "invalidValue")
    for name, each in value.items():
        if name.lower() not in {"schemas", "meta"}:
            _at(change, word, name, each, has_value=each is not None)


def _at(change: GroupChange, word: str, path: str, value: Any, *, has_value: bool) -> None:
    named, which = _target(path)
    match named:
        case "members" if which is not None:
            if word != "remove":
                raise Problem(400, "Of a member nothing can be changed: add it, or remove it.", "mutability")
            change.remove(which)
        case "members":
            _members(change, word, value, has_value=has_value)
        case "displayname":
            change.display_name = _name(word, value)
        case "externalid":
            change.external_id = "" if word == "remove" or value is None else _text(value)
        case "id":
            # Entra ID sends it with what it replaces; it can only be what it is.
            if word == "remove":
                raise Problem(400, "The id stays as it is.", "mutability")
        case _:
            # Nothing else is kept of groups.
            return


def _members(change: GroupChange, word: str, value: Any, *, has_value: bool) -> None:
    if word == "remove":
        if has_value:
            change.remove(members_of(value))
        else:
            change.clear()
        return
    if word == "replace":
        change.clear()
    change.add(members_of(value) if has_value else [])


def _name(word: str, value: Any) -> str:
    if word == "remove" or value is None:
        raise Problem(400, "A group has a displayName.", "mutability")
    return _text(value)


def _text(value: Any) -> str:
    """Held to the bounds that a whole group is. Raises Problem."""
    if not isinstance(value, str):
        raise Problem(400, "It is no text.", "invalidValue")
    try:
        return Group.model_validate({"schemas": [GROUP], "displayName": value}, scim_policy=POLICY).display_name or ""
    except (ValidationError, SCIMException) as error:
        raise problems.of(error) from error


def _target(path: str) -> tuple[str, list[UUID] | None]:
    """The attribute, in lower case, and which members of it; None: all. Raises Problem."""
    try:
        tree = Path[Group](path).ast
    except SCIMException as error:
        raise problems.of(error) from error
    match tree:
        case ValuePath(attr_path=AttrPath(attr=attr), val_filter=which, sub_attr=None):
            return attr.lower(), members_of(list(_values(which)))
        case AttrPath(attr=attr, sub_attr=None):
            return attr.lower(), None
        case AttrPath(attr=attr) | ValuePath(attr_path=AttrPath(attr=attr)) if attr.lower() == "members":
            raise Problem(400, "Of a member nothing can be changed: add it, or remove it.", "mutability")
        case _:
            return "", None


def _values(which: FilterNode) -> Iterable[str]:
    """The ids in `value eq "…" or value eq "…"`. Raises Problem for any other filter."""
    match which:
        case Comparison(attr_path=path, op=CompareOperator.eq, value=str(value)) if str(path).lower() == "value":
            yield value
        case LogicalExpr(op=LogicalOperator.or_, terms=terms):
            for each in terms:
                yield from _values(each)
        case _:
            raise Problem(400, 'Members are named by members[value eq "ID"].', "invalidFilter")
