"""Column shapes that every table shares: enumerations as checked text, aware UTC times, JSON documents."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Column, DateTime, Enum, ForeignKey, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID


def new_id() -> UUID:
    return uuid4()


def utc_now() -> datetime:
    """The process clock, for defaults only; rules take `now` as an argument."""
    return datetime.now(UTC)


def choice(enum: type[StrEnum], *, name: str, nullable: bool = False, default: StrEnum | None = None) -> Column[Any]:
    """A text column that holds one of `enum`'s values, held to it by a CHECK constraint called `name`.

    `default` is for rows of a release that did not know the column.
    """

    def values(members: type[StrEnum]) -> list[str]:
        return [member.value for member in members]

    kind = Enum(
        enum,
        native_enum=False,
        create_constraint=True,
        name=name,
        length=32,
        values_callable=values,
    )
    return Column(kind, nullable=nullable, server_default=None if default is None else default.value)


def moment(*, nullable: bool = False, now: bool = False) -> Column[Any]:
    """A timestamptz; `now=True` lets the database fill it in."""
    return Column(DateTime(timezone=True), nullable=nullable, server_default=func.now() if now else None)


def document(*, default: str = "'{}'::jsonb") -> Column[Any]:
    """A jsonb document, never NULL."""
    return Column(JSONB, nullable=False, server_default=text(default))


def reference(target: str, *, nullable: bool = False, primary_key: bool = False, index: bool = False) -> Column[Any]:
    """A uuid foreign key to `target` ("table.column"); nothing that is referred to can be deleted."""
    return Column(
        PG_UUID(as_uuid=True),
        ForeignKey(target, ondelete="RESTRICT"),
        nullable=nullable,
        primary_key=primary_key,
        index=index,
    )
