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
    assert is_credential_header("-H", "X-Api-Key: abc")
    assert is_credential_header("", "--header=X-Api-Key: abc")
    assert not is_credential_header("-d", "token: abc")


@pytest.mark.parametrize("word", ["X-Token: abc", "X-Action-Token: reboot", "token: abc"])
def test_a_header_of_any_other_name_may_say_what_to_do(word: str) -> None:
    assert not is_credential_header("-H", word)


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
    ("name", "word", "password"),
    [
        ("psql", "postgres://bob:s3cret@db/x", "s3cret"),
        ("git", "https://u:t@h/r.git", "t"),
        ("git", "https://h/r.git:t@x", None),
        ("curl", "https://h/?x://u:t@h", None),
        ("systemctl", "https://u:t@h", None),
    ],
)
def test_a_password_in_a_url(name: str, word: str, password: str | None) -> None:
    found = password_in_url(name, word)
    assert (None if found is None else word[found.start : found.end]) == password
