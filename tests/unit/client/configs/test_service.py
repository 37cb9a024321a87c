"""The block of pg_service.conf."""

from client.configs.service import lines

CONNECT = {"host": "gate", "port": 5433, "user": "read@db", "database": "payments"}


def test_a_section_has_no_secret_and_names_the_password_file() -> None:
    text = lines([("db", CONNECT), ("read.db", CONNECT)], "/c/ca.pem", "/c/pgpass")
    assert text[0] == "[db]"
    assert text[text.index("") + 1] == "[read.db]"
    for each in (
        "sslmode=verify-full",
        "sslrootcert=/c/ca.pem",
        "passfile=/c/pgpass",
        "user=read@db",
        "dbname=payments",
    ):
        assert text.count(each) == 2
    assert not any(line.startswith("password") for line in text)


def test_nothing_open_is_said() -> None:
    assert "gatepass config psql" in lines([], "a", "b")[0]
