"""psycopg 3: COPY in all directions and formats that are relayed, to its end and given up before it."""

import pytest
from psycopg.types.json import Jsonb

from support.clients.psycopg_cases import Cases, Connection, failure, rows
from support.clients.ways import Databases

CASES = Cases()


@CASES.case
def copy_out_in_text(connection: Connection) -> object:
    with connection.cursor().copy("copy (select id, name, tags, doc from people order by id) to stdout") as copy:
        return b"".join(bytes(block) for block in copy)


@CASES.case
def copy_out_in_csv(connection: Connection) -> object:
    with connection.cursor().copy("copy people to stdout (format csv, header)") as copy:
        return b"".join(bytes(block) for block in copy)


@CASES.case
def copy_out_by_rows(connection: Connection) -> object:
    with connection.cursor().copy("copy (select id, name from people order by id) to stdout") as copy:
        copy.set_types(["int4", "text"])
        return list(copy.rows())


@CASES.case
def copy_in_in_text(connection: Connection) -> object:
    connection.execute("create temp table copied (n int, s text)")
    with connection.cursor().copy("copy copied from stdin") as copy:
        for n in range(3000):
            copy.write_row((n, None if n % 7 == 0 else f"line\t{n}"))
    return rows(connection, "select count(*), count(s), max(s) from copied")


@CASES.case
def copy_in_in_binary(connection: Connection) -> object:
    connection.execute("create temp table copied (n int, s text, j jsonb)")
    with connection.cursor().copy("copy copied from stdin (format binary)") as copy:
        copy.set_types(["int4", "text", "jsonb"])
        for n in range(1000):
            copy.write_row((n, f"s{n}", Jsonb({"n": n})))
    return rows(connection, "table copied")


@CASES.case
def copy_in_in_csv_of_ten_megabytes(connection: Connection) -> object:
    connection.execute("create temp table copied (n int, s text)")
    cursor = connection.cursor()
    with cursor.copy("copy copied from stdin csv") as copy:
        for start in range(0, 100_000, 1000):
            copy.write("".join(f'{n},"row ""{n}"" {"x" * 80}"\n' for n in range(start, start + 1000)))
    return cursor.rowcount, rows(connection, "select count(*), sum(length(s)) from copied")


@CASES.case
def copy_in_that_is_given_up(connection: Connection) -> object:
    connection.execute("create temp table copied (n int)")

    def give_up() -> None:
        with connection.cursor().copy("copy copied from stdin") as copy:
            copy.write("1\n")
            raise ValueError("changed my mind")

    with pytest.raises(ValueError, match="changed"):
        give_up()
    return rows(connection, "select count(*) from copied")


@CASES.case
def copy_in_with_an_error(connection: Connection) -> object:
    connection.execute("create temp table copied (n int)")

    def wrong() -> None:
        with connection.cursor().copy("copy copied from stdin") as copy:
            copy.write("1\nnot a number\n")

    return failure(wrong), rows(connection, "select count(*) from copied")


@CASES.case
def copy_out_that_is_given_up(connection: Connection) -> object:
    def give_up() -> None:
        with connection.cursor().copy("copy (select generate_series(1, 300000)) to stdout") as copy:
            assert bytes(copy.read())[:2] == b"1\n"
            raise ValueError("seen enough")

    with pytest.raises(ValueError, match="seen"):
        give_up()
    return rows(connection, "select 'after'")


@pytest.mark.parametrize("name", CASES.by_name)
def test_same(database: Databases, name: str) -> None:
    CASES.compare(database, name)
