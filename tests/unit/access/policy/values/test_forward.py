"""What a role's `forward` names, and how a client may spell it."""

import pytest
from pydantic import TypeAdapter, ValidationError

from access.policy.values.forward import Destination, Forward, allowed

FORWARD: TypeAdapter[str] = TypeAdapter(Forward)


@pytest.mark.parametrize(
    "entry",
    [
        "db.internal:5432",
        "*.internal:*",
        "[::1]:22",
        "127.0.0.1:*",
        "/run/app.sock",
        "/run/user/1000/vscode-*.sock",
        "listen:8080",
        "listen:*",
        "listen:0.0.0.0:8080",
        "listen:/run/app.sock",
    ],
)
def test_an_entry_that_names_something_is_kept(entry: str) -> None:
    assert FORWARD.validate_python(entry) == entry


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "db.internal",
        "5432",
        "db.internal:0",
        "db.internal:65536",
        "db.internal:http",
        "db internal:5432",
        "::1:22",
        "[nonsense]:22",
        "/run/../etc/app.sock",
        "/",
        "listen:",
        "listen:0",
        "user@db:22",
    ],
)
def test_an_entry_that_names_nothing_is_refused(entry: str) -> None:
    with pytest.raises(ValidationError, match=r"forward to|path of a socket"):
        FORWARD.validate_python(entry)


@pytest.mark.finding("ssh-forwarding")
@pytest.mark.parametrize(
    ("entry", "wanted", "is_allowed"),
    [
        ("db.internal:5432", Destination("db.internal", 5432), True),
        ("db.internal:5432", Destination("DB.internal.", 5432), True),
        ("DB.Internal:5432", Destination("db.internal", 5432), True),
        ("db.internal:5432", Destination("db.internal", 5433), False),
        ("db.internal:5432", Destination("xdb.internal", 5432), False),
        ("*.internal:*", Destination("db.internal", 1), True),
        ("*.internal:*", Destination("db.internal", 0), False),
        ("*.internal:*", Destination("internal", 1), False),
        ("localhost:80", Destination("127.0.0.1", 80), False),
        ("[::1]:22", Destination("0:0:0:0:0:0:0:1", 22), True),
        ("127.0.0.1:22", Destination("0x7f.1", 22), False),
        ("/run/*.sock", Destination("/run/app.sock"), True),
        ("/run/*", Destination("/run/a/docker.sock"), False),
        ("/run/*/*", Destination("/run/../docker.sock"), False),
        ("/run/*", Destination("/run/./"), False),
        ("*:*", Destination("/run/app.sock"), False),
        ("/run/app.sock", Destination("run", 5432), False),
        ("listen:8080", Destination("localhost", 8080, listens=True), True),
        ("listen:8080", Destination("10.0.0.1", 8080, listens=True), False),
        ("listen:8080", Destination("localhost", 8080), False),
        ("localhost:8080", Destination("localhost", 8080, listens=True), False),
        ("listen:10.0.0.1:*", Destination("10.0.0.1", 8080, listens=True), True),
        ("listen:/run/a", Destination("/run/a", listens=True), True),
        ("/run/a", Destination("/run/a", listens=True), False),
    ],
)
def test_what_is_asked_for_must_be_named(entry: str, wanted: Destination, is_allowed: bool) -> None:
    assert allowed([FORWARD.validate_python(entry)], wanted) is is_allowed


def test_a_destination_is_named_as_policies_write_it() -> None:
    assert Destination("DB.", 1).name == "db:1"
    assert Destination("0::1", 22).name == "[::1]:22"
    assert Destination("/run/a", listens=True).name == "listen:/run/a"
    assert allowed([], Destination("db", 1)) is False
