"""How programs take a secret otherwise than by an option."""

import pytest

from proxy.showing.bash.credentials import (
    assigned_values,
    is_credential_header,
    is_secret_name,
    password_in_url,
    takes_variable,
)


def test_variables_that_a_wrapper_sets() -> None:
    words = ["PGPASSWORD=a b", "TOKEN=", "A=1", "--token=abc", "-x", "a.token=b"]
    assert [words[at][change.start : change.end] for at, change in assigned_values(words)] == ["a b"]


def test_names_of_variables() -> None:
    assert is_secret_name("PGPASSWORD")
    assert is_secret_name("AWS_SECRET_ACCESS_KEY")
    assert not is_secret_name("PWD")
    assert not is_secret_name("HOME")


def test_headers_that_a_client_sends() -> None:
    assert is_credential_header("curl", ["-s", "-H", "X-Api-Key: abc"], 2)
    assert is_credential_header("curl", ["-HX-Api-Key: abc"], 0)
    assert is_credential_header("wget", ["--header=X-Api-Key: abc"], 0)
    assert is_credential_header("wget", ["--header", "X-Api-Key: abc"], 1)
    assert not is_credential_header("curl", ["-d", "token: abc"], 1)


@pytest.mark.finding("H1")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("curl", ["-A", "-H", "cookie:@h/x"]),
        ("curl", ["-sX", "--header", "cookie:@h/x"]),
        ("curl", ["--", "-H", "cookie:@h/x"]),
        ("curl", ["-o", "-Hcookie: x"]),
        ("wget", ["-H", "cookie:80/x"]),
        ("wget", ["-U", "--header", "cookie:80/x"]),
        ("psql", ["-H", "cookie: x"]),
    ],
)
def test_what_may_be_an_address_is_no_header(name: str, words: list[str]) -> None:
    assert not is_credential_header(name, words, len(words) - 1)


@pytest.mark.parametrize("word", ["X-Token: abc", "X-Action-Token: reboot", "token: abc"])
def test_a_header_of_any_other_name_may_say_what_to_do(word: str) -> None:
    assert not is_credential_header("curl", ["-H", word], 1)


@pytest.mark.parametrize(
    ("name", "variable", "takes"),
    [
        ("psql", "PGPASSWORD", True),
        ("pg_dumpall", "PGPASSWORD", True),
        ("mysqldump", "MYSQL_PWD", True),
        ("redis-cli", "REDISCLI_AUTH", True),
        ("psql", "MYSQL_PWD", False),
        ("bash", "PGPASSWORD", False),
        ("psql", "TOKEN", False),
    ],
)
def test_a_variable_is_a_secret_to_the_programs_that_read_it_as_one(name: str, variable: str, *, takes: bool) -> None:
    assert takes_variable(name, variable) is takes


@pytest.mark.parametrize(
    ("name", "words", "password"),
    [
        ("psql", ["-At", "postgres://bob:s3cret@db/x"], "s3cret"),
        ("psql", ["-d", "postgres://bob:s3cret@db/x"], "s3cret"),
        ("pg_dump", ["-Fc", "postgresql://bob:s3cret@db/x"], "s3cret"),
        ("redis-cli", ["-u", "redis://u:t@h"], "t"),
        ("git", ["clone", "--depth=1", "-q", "https://u:t@h/r.git"], "t"),
        ("git", ["-C", "/srv", "pull", "https://u:t@h/r.git"], "t"),
        ("curl", ["-s", "-x", "http://u:t%21@h"], "t%21"),
        ("git", ["clone", "https://h/r.git:t@x"], None),
        ("curl", ["https://h/?x://u:t@h"], None),
        ("systemctl", ["https://u:t@h"], None),
    ],
)
def test_a_password_in_a_url(name: str, words: list[str], password: str | None) -> None:
    found = password_in_url(name, words, len(words) - 1)
    assert (None if found is None else words[-1][found.start : found.end]) == password


@pytest.mark.finding("H1")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wget", ["http://evil:80;x@good/"]),
        ("curl", ["http://{evil:80,x@good}/"]),
        ("curl", ["-d", "https://u:t@h"]),
        ("curl", ["-d", "role://u:t@h"]),
        ("psql", ["x://u:t@h"]),
        ("git", ["clone", "ssh://u:t@h"]),
        ("git", ["commit", "-m", "https://u:t@h"]),
        ("git", ["grep", "https://u:t@h"]),
        ("redis-cli", ["del", "redis://u:t@h"]),
        ("redis-cli", ["del", "-u", "redis://u:t@h"]),
    ],
)
def test_what_a_program_may_read_otherwise_is_no_password(name: str, words: list[str]) -> None:
    assert password_in_url(name, words, len(words) - 1) is None
