"""Cases for psycopg: each is a function of a connection, whose result must be the same both ways."""

from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
import pytest

from support.clients.ways import Databases, ToDatabase

Connection = psycopg.Connection[Any]
Case = Callable[[Connection], object]
CaseT = TypeVar("CaseT", bound=Case)


class Cases:
    """The cases of a module, by the names of their functions."""

    def __init__(self) -> None:
        self.by_name: dict[str, Case] = {}

    def case(self, do: CaseT) -> CaseT:
        self.by_name[do.__name__.replace("_", " ")] = do
        return do

    def compare(self, database: Databases, name: str) -> None:
        """Run a case on a fresh connection of each way."""

        def seen(way: ToDatabase) -> object:
            with connected(way) as connection:
                return self.by_name[name](connection)

        database.same(seen)


def connected(way: ToDatabase, **how: Any) -> Connection:
    words: dict[str, Any] = {"host": "127.0.0.1", "port": way.port, "user": way.user, "password": way.password}
    words |= {"dbname": way.database, "sslmode": way.sslmode, "connect_timeout": 20, **how}
    if way.ca_file:
        words["sslrootcert"] = str(way.ca_file)
    return psycopg.connect(autocommit=True, **words)


def another(connection: Connection) -> Connection:
    """One more connection, as this one was made."""
    made: dict[str, Any] = connection.info.get_parameters() | {"password": connection.info.password}
    return psycopg.connect(autocommit=True, **made)


def rows(connection: Connection, query: Any, *arguments: Any, **how: Any) -> list[Any]:
    return connection.execute(query, *arguments, **how).fetchall()


def failure(do: Callable[[], object]) -> tuple[str | None, ...]:
    """The error that `do` raises, field by field."""
    with pytest.raises(psycopg.Error) as raised:
        do()
    diag = raised.value.diag
    fields = (diag.severity, diag.message_primary, diag.message_detail, diag.message_hint, diag.statement_position)
    names = (diag.schema_name, diag.table_name, diag.column_name, diag.constraint_name, diag.datatype_name)
    return (type(raised.value).__name__, raised.value.sqlstate, *fields, *names, diag.context)
