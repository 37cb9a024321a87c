"""SQLAlchemy on psycopg and on pg8000: reflection and the ORM, as most Python programs use PostgreSQL."""

import ssl
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from support.clients.ways import Databases, ToDatabase

pytestmark = pytest.mark.filterwarnings("ignore:Did not recognize type")

DRIVERS = ("psycopg", "pg8000")
Case = Callable[[sa.Engine], object]


def _engine(driver: str, way: ToDatabase) -> sa.Engine:
    url = sa.URL.create(
        f"postgresql+{driver}", way.user, way.password, host="127.0.0.1", port=way.port, database=way.database
    )
    if driver == "pg8000":
        context = ssl.create_default_context(cafile=str(way.ca_file)) if way.ca_file else None
        return sa.create_engine(url, connect_args={"ssl_context": context} if context else {})
    words = {"sslmode": way.sslmode} | ({"sslrootcert": str(way.ca_file)} if way.ca_file else {})
    return sa.create_engine(url, connect_args=words)


def tables(engine: sa.Engine) -> object:
    found = sa.inspect(engine)
    return sorted(found.get_table_names()), sorted(found.get_view_names()), found.get_schema_names()


def columns(engine: sa.Engine) -> object:
    found = sa.inspect(engine)
    return [
        (each["name"], str(each["type"]), each["nullable"], each["default"]) for each in found.get_columns("people")
    ]


def keys_and_indexes(engine: sa.Engine) -> object:
    found = sa.inspect(engine)
    parts = (found.get_pk_constraint, found.get_foreign_keys, found.get_indexes, found.get_unique_constraints)
    return [str(part(name)) for part in parts for name in ("people", "orders")]


def comments_and_enums(engine: sa.Engine) -> object:
    found = sa.inspect(engine)
    return found.get_table_comment("people"), found.get_check_constraints("people"), str(found.get_sequence_names())


def reflected(engine: sa.Engine) -> object:
    """Every table at once, and a join made of what was found."""
    found = sa.MetaData()
    found.reflect(engine, only=["people", "orders"])
    people, orders = found.tables["people"], found.tables["orders"]
    query = sa.select(people.c.name, sa.func.count()).join(orders).group_by(people.c.name).order_by(people.c.name)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def values(engine: sa.Engine) -> object:
    query = "select a, b, c, d, e, f, g, k, l, o, p, r, t, z from every_type order by a"
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def streamed(engine: sa.Engine) -> object:
    with engine.connect() as connection:
        result = connection.execution_options(yield_per=50).execute(sa.text("select id, note from orders order by id"))
        return [tuple(row) for row in result]


def savepoint(engine: sa.Engine) -> object:
    with engine.begin() as connection:
        connection.execute(sa.text("create temp table saved (n int)"))
        nested = connection.begin_nested()
        connection.execute(sa.text("insert into saved values (1)"))
        nested.rollback()
        connection.execute(sa.text("insert into saved values (2)"))
        return [tuple(row) for row in connection.execute(sa.text("select * from saved"))]


def errors(engine: sa.Engine) -> object:
    seen: list[object] = []
    for line in ("select 1 / 0", "select * from nowhere", "insert into people (id, name) values (1, 'x')"):
        with engine.connect() as connection, pytest.raises(DBAPIError) as raised:
            connection.execute(sa.text(line))
        seen.append((type(raised.value).__name__, str(raised.value.orig)))
    return seen


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "orm_authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    books: Mapped[list["Book"]] = relationship(back_populates="author", cascade="all, delete-orphan")


class Book(Base):
    __tablename__ = "orm_books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(sa.ForeignKey(Author.id))
    author: Mapped[Author] = relationship(back_populates="books")


def orm(engine: sa.Engine) -> object:
    """Make tables, insert many rows at once, load what belongs together, change, delete, drop."""
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(
            [Author(name=f"author {n}", books=[Book(title=f"{n}/{m}") for m in range(3)]) for n in range(50)]
        )
        session.commit()
        first = session.scalars(sa.select(Author).order_by(Author.id)).first()
        assert first is not None
        first.name = "renamed"
        session.delete(first.books[0])
        session.commit()
        seen = [
            (each.id, each.name, [book.title for book in each.books]) for each in session.query(Author).order_by("id")
        ]
    Base.metadata.drop_all(engine)
    return seen


CASES: dict[str, Case] = {
    each.__name__: each
    for each in (
        tables,
        columns,
        keys_and_indexes,
        comments_and_enums,
        reflected,
        values,
        streamed,
        savepoint,
        errors,
        orm,
    )
}


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("name", CASES)
def test_same(database: Databases, driver: str, name: str) -> None:
    def seen(way: ToDatabase) -> object:
        engine = _engine(driver, way)
        try:
            return CASES[name](engine)
        finally:
            engine.dispose()

    database.same(seen)
