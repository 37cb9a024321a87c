"""What libpq is told."""

from client.programs.postgres import environment, password_line

CONNECT = {"host": "gate", "port": 5433, "user": "read@db", "database": "payments"}


def test_nothing_around_leads_elsewhere() -> None:
    around = {
        "PATH": "/bin",
        "PGHOST": "evil",
        "PGHOSTADDR": "192.0.2.1",
        "PGSERVICE": "evil",
        "PGSSLMODE": "disable",
        "PGOPTIONS": "-c role=x",
        "PGPASSFILE": "/x",
        "PGDATABASE": "other",
        "PGAPPNAME": "mine",
    }
    made = environment(around, CONNECT, "/c/ca.pem", token="token")
    assert made == {
        "PATH": "/bin",
        "PGAPPNAME": "mine",
        "PGHOST": "gate",
        "PGPORT": "5433",
        "PGUSER": "read@db",
        "PGDATABASE": "payments",
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": "/c/ca.pem",
        "PGGSSENCMODE": "disable",
        "PGPASSWORD": "token",
    }
    assert "PGDATABASE" not in environment(around, {**CONNECT, "database": None}, "/c/ca.pem", token="token")


def test_with_a_certificate_nothing_in_it_is_secret() -> None:
    around = {"PGPASSWORD": "old", "PGSSLCERT": "/mine.crt", "PGSSLKEY": "/mine.key", "PGSSLCERTMODE": "disable"}
    made = environment(around, CONNECT, "/c/ca.pem", files=("/r/certificate.pem", "/r/key.pem"))
    assert (made["PGSSLCERT"], made["PGSSLKEY"]) == ("/r/certificate.pem", "/r/key.pem")
    assert not {"PGPASSWORD", "PGSSLCERTMODE"} & made.keys()


def test_a_password_line_is_for_this_role_alone() -> None:
    assert password_line(CONNECT, "t") == "gate:5433:payments:read@db:t"
    assert password_line({**CONNECT, "host": "::1", "database": None}, "t") == r"\:\:1:5433:*:read@db:t"
