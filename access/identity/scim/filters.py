"""Filters of SCIM (RFC 7644, 3.4.2.2) as conditions of SQL, so that storage looks through thousands and not we.

The grammar and the types of values are the library's; here each attribute that is kept has its expression, and every
value is a parameter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final
from uuid import UUID

from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
)
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Text,
    and_,
    cast,
    column,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import col

from access.identity.scim.protocol.problems import Problem
from access.identity.scim.protocol.resources import GROUP, USER
from storage.model import ScimGroup, ScimMember, ScimUser

Condition = ColumnElement[bool]


class _Kind(Enum):
    TEXT = auto()
    #: Compared in lower case.
    FOLDED = auto()
    #: In lower case already.
    KEY = auto()
    ID = auto()
    FLAG = auto()
    TIME = auto()


@dataclass(frozen=True)
class _Value:
    """One attribute with one value: a column, or an expression of one."""

    at: Any
    kind: _Kind


@dataclass(frozen=True)
class _Many:
    """One attribute with several: rows beside the resource's, and what stands in each."""

    rows: FromClause
    of_resource: Condition
    values: Mapping[str, _Value]

    def any(self, condition: Condition) -> Condition:
        return (
            select(literal(1))
            .select_from(self.rows)
            .where(self.of_resource, condition)
            .correlate(ScimUser.__table__, ScimGroup.__table__)  # pyright: ignore
            .exists()
        )


Attributes = Mapping[str, _Value | _Many]


def _text(path: str, *within: str) -> _Value:
    found = col(ScimUser.resource)
    for each in within:
        found = found[each]  # pyright: ignore
    return _Value(found[path].astext, _Kind.FOLDED)  # pyright: ignore


def _emails() -> _Many:
    listed = func.jsonb_array_elements(col(ScimUser.resource)["emails"])  # pyright: ignore[reportIndexIssue]
    rows = listed.table_valued(column("value", JSONB), name="email").render_derived()
    each = rows.c.value
    values = {name: _Value(each[name].astext, _Kind.FOLDED) for name in ("value", "type", "display")}
    return _Many(rows, true(), {**values, "primary": _Value(each["primary"].as_boolean(), _Kind.FLAG)})


def _groups() -> _Many:
    rows = ScimMember.__table__.join(ScimGroup.__table__, col(ScimGroup.id) == col(ScimMember.group_id))  # pyright: ignore
    values = {
        "value": _Value(col(ScimMember.group_id), _Kind.ID),
        "display": _Value(col(ScimGroup.name_key), _Kind.KEY),
    }
    return _Many(rows, col(ScimMember.user_id) == col(ScimUser.id), values)


def _members() -> _Many:
    values = {"value": _Value(col(ScimMember.user_id), _Kind.ID)}
    return _Many(ScimMember.__table__, col(ScimMember.group_id) == col(ScimGroup.id), values)  # pyright: ignore


_USERS: Final[Mapping[str, Callable[[], _Value | _Many]]] = {
    "id": lambda: _Value(col(ScimUser.id), _Kind.ID),
    "externalid": lambda: _Value(col(ScimUser.external_id), _Kind.TEXT),
    "username": lambda: _Value(col(ScimUser.user_key), _Kind.KEY),
    "displayname": lambda: _text("displayName"),
    "name.formatted": lambda: _text("formatted", "name"),
    "name.familyname": lambda: _text("familyName", "name"),
    "name.givenname": lambda: _text("givenName", "name"),
    "active": lambda: _Value(col(ScimUser.active), _Kind.FLAG),
    "emails": _emails,
    "groups": _groups,
    "meta.created": lambda: _Value(col(ScimUser.created_at), _Kind.TIME),
    "meta.lastmodified": lambda: _Value(col(ScimUser.modified_at), _Kind.TIME),
    "meta.resourcetype": lambda: _Value(literal("user"), _Kind.KEY),
}
_GROUPS: Final[Mapping[str, Callable[[], _Value | _Many]]] = {
    "id": lambda: _Value(col(ScimGroup.id), _Kind.ID),
    "externalid": lambda: _Value(col(ScimGroup.external_id), _Kind.TEXT),
    "displayname": lambda: _Value(col(ScimGroup.name_key), _Kind.KEY),
    "members": _members,
    "meta.created": lambda: _Value(col(ScimGroup.created_at), _Kind.TIME),
    "meta.lastmodified": lambda: _Value(col(ScimGroup.modified_at), _Kind.TIME),
    "meta.resourcetype": lambda: _Value(literal("group"), _Kind.KEY),
}


def of_users(tree: FilterNode) -> Condition:
    """Raises Problem."""
    return _Reading(_USERS, USER).read(tree)


def of_groups(tree: FilterNode) -> Condition:
    """Raises Problem."""
    return _Reading(_GROUPS, GROUP).read(tree)


@dataclass(frozen=True)
class _Reading:
    attributes: Mapping[str, Callable[[], _Value | _Many]]
    schema: str

    def read(self, node: FilterNode) -> Condition:
        match node:
            case LogicalExpr(op=op, terms=terms):
                parts = [self.read(each) for each in terms]
                return and_(*parts) if op is LogicalOperator.and_ else or_(*parts)
            case Not(expr=expr):
                return not_(func.coalesce(self.read(expr), false()))
            case ValuePath(attr_path=path, val_filter=which):
                found = self._find(path)
                if not isinstance(found, _Many):
                    raise _invalid(f"{path} has one value: no [ ] there")
                values = {name: _fixed(value) for name, value in found.values.items()}
                return found.any(_Reading(values, self.schema).read(which))
            case Present(attr_path=path):
                found = self._find(path)
                if isinstance(found, _Many):
                    return found.any(true())
                return found.at.is_not(None)
            case Comparison(attr_path=path, op=op, value=value):
                return self._compared(path, op, value)
            case _:
                raise _invalid("is of a kind that is not known")

    def _compared(self, path: AttrPath, op: CompareOperator, value: Any) -> Condition:
        found = self._find(path)
        if isinstance(found, _Value):
            return _compared(found, op, value)
        # Which of several values is meant by `ne`, RFC 7644 does not say: none of them is that one.
        if op is CompareOperator.ne:
            return not_(found.any(_compared(found.values["value"], CompareOperator.eq, value)))
        return found.any(_compared(found.values["value"], op, value))

    def _find(self, path: AttrPath) -> _Value | _Many:
        """Of several values, their `value`, or the part that is named. Raises Problem."""
        if path.uri is not None and path.uri.lower() != self.schema.lower():
            raise _invalid(f"{path} is of a schema that is not kept here")
        name = path.attr.lower()
        whole = f"{name}.{path.sub_attr.lower()}" if path.sub_attr else name
        if whole in self.attributes:
            return self.attributes[whole]()
        many = self.attributes[name]() if name in self.attributes else None
        part = path.sub_attr.lower() if path.sub_attr else ""
        if not isinstance(many, _Many) or part not in many.values:
            raise _invalid(f"{path} is not kept here")
        return _Many(many.rows, many.of_resource, {"value": many.values[part]})


def _fixed(value: _Value) -> Callable[[], _Value]:
    return lambda: value


def _compared(value: _Value, op: CompareOperator, given: Any) -> Condition:
    if given is None:
        nothing = {CompareOperator.eq: value.at.is_(None), CompareOperator.ne: value.at.is_not(None)}
        return nothing.get(op, false())
    match value.kind:
        case _Kind.FLAG:
            return _ordered(value.at, op, _flag(given), orders=False)
        case _Kind.TIME:
            return _ordered(value.at, op, _time(given))
        case _Kind.ID:
            return _identity(value.at, op, _words(given))
        case _Kind.TEXT:
            return _texts(value.at, op, _words(given))
        case _Kind.FOLDED:
            return _texts(func.lower(value.at), op, _words(given).lower())
        case _Kind.KEY:
            return _texts(value.at, op, _words(given).lower())


def _identity(at: ColumnElement[Any], op: CompareOperator, given: str) -> Condition:
    if op not in {CompareOperator.eq, CompareOperator.ne}:
        return _texts(cast(at, Text), op, given)
    try:
        same = UUID(given)
    except ValueError:
        return false() if op is CompareOperator.eq else true()
    return _ordered(at, op, same)


def _texts(at: ColumnElement[Any], op: CompareOperator, given: str) -> Condition:
    match op:
        case CompareOperator.co:
            return func.strpos(at, given) > 0
        case CompareOperator.sw:
            return func.starts_with(at, given)
        case CompareOperator.ew:
            return func.right(at, len(given)) == given
        case _:
            return _ordered(at, op, given)


def _ordered(at: ColumnElement[Any], op: CompareOperator, given: Any, *, orders: bool = True) -> Condition:
    match op:
        case CompareOperator.eq:
            return at == given
        case CompareOperator.ne:
            return at.is_distinct_from(given)
        case CompareOperator.gt if orders:
            return at > given
        case CompareOperator.ge if orders:
            return at >= given
        case CompareOperator.lt if orders:
            return at < given
        case CompareOperator.le if orders:
            return at <= given
        case _:
            raise _invalid(f"{op.value} does not fit what it compares")


def _words(given: Any) -> str:
    if not isinstance(given, str):
        raise _invalid("compares text with what is none")
    if any(each == "\x00" or "\ud800" <= each <= "\udfff" for each in given):
        raise _invalid("has a character that no text of ours has")
    return given


def _flag(given: Any) -> bool:
    """Entra ID sends "True" and "False"."""
    said = given if isinstance(given, bool) else {"true": True, "false": False}.get(str(given).lower())
    if said is None:
        raise _invalid("compares true or false with what is neither")
    return said


def _time(given: Any) -> datetime:
    try:
        said = given if isinstance(given, datetime) else datetime.fromisoformat(str(given))
    except ValueError:
        said = None
    if said is None or said.tzinfo is None:
        raise _invalid("compares a time with what is none: 2026-05-13T04:42:34Z")
    return said


def _invalid(why: str) -> Problem:
    return Problem(400, f"The filter {why}.", "invalidFilter")
