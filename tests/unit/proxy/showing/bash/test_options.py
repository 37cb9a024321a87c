"""Which options of which programs take a secret."""

import pytest

from proxy.showing.bash.changes import applied
from proxy.showing.bash.options import assigned_values, is_header, is_secret_name, named_values, secret_values


def shown(name: str, words: list[str]) -> list[str]:
    found = list(secret_values(name, words))
    return [applied(word, [change for at, change in found if at == index]) for index, word in enumerate(words)]


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        ("mysql", ["-uroot", "-pabc", "db"], ["-uroot", "-p***", "db"]),
        ("mysqldump", ["-p", "db"], ["-p", "db"]),
        ("7z", ["a", "-pabc", "x"], ["a", "-p***", "x"]),
        ("sshpass", ["-p", "abc", "ssh"], ["-p", "***", "ssh"]),
        ("sshpass", ["-pabc", "ssh"], ["-p***", "ssh"]),
        ("redis-cli", ["-a", "abc", "ping"], ["-a", "***", "ping"]),
        ("zip", ["-rP", "abc", "x"], ["-rP", "***", "x"]),
        ("ldapsearch", ["-x", "-w", "abc"], ["-x", "-w", "***"]),
        ("curl", ["-su", "bob:abc", "h"], ["-su", "bob:***", "h"]),
        ("curl", ["--user=bob:abc", "-Uann:def"], ["--user=bob:***", "-Uann:***"]),
        ("curl", ["--proxy-user", "bob:a:b"], ["--proxy-user", "bob:***"]),
        ("curl", ["-u", "bob", "-o", "x:y"], ["-u", "bob", "-o", "x:y"]),
        ("smbclient", ["-U", "bob%abc", "//h/s"], ["-U", "bob%***", "//h/s"]),
        ("docker", ["login", "-p", "abc"], ["login", "-p", "***"]),
        ("docker", ["run", "-p", "80:80", "login"], ["run", "-p", "80:80", "login"]),
        ("htpasswd", ["-b", "f", "bob", "abc"], ["-b", "f", "bob", "***"]),
        ("htpasswd", ["f", "bob"], ["f", "bob"]),
        ("ls", ["-p", "abc"], ["-p", "abc"]),
        ("openssl", ["enc", "-k", "abc", "-in", "x"], ["enc", "-k", "***", "-in", "x"]),
        ("openssl", ["req", "-pkeyopt", "abc"], ["req", "-pkeyopt", "abc"]),
        ("redis-cli", ["--pass", "abc", "ping"], ["--pass", "***", "ping"]),
        ("usermod", ["-p", "abc", "bob"], ["-p", "***", "bob"]),
        ("useradd", ["-mp", "abc"], ["-mp", "abc"]),
    ],
)
def test_a_known_option_hides_its_value(name: str, words: list[str], expected: list[str]) -> None:
    assert shown(name, words) == expected


@pytest.mark.parametrize(
    ("words", "hidden"),
    [
        (["--password", "abc"], ["abc"]),
        (["--db-token", "abc"], ["abc"]),
        (["--api-key=abc"], ["abc"]),
        (["MY_PASSWORD=abc"], ["abc"]),
        (["--password", "-x"], []),
        (["--password-stdin", "host"], []),
        (["--token-file", "path"], []),
        (["--no-password", "db"], []),
        (["--verbose", "abc", "-p", "80"], []),
    ],
)
def test_an_option_that_is_named_for_a_secret_hides_its_value(words: list[str], hidden: list[str]) -> None:
    assert [words[at][change.start : change.end] for at, change, _ in named_values("tool", words)] == hidden


@pytest.mark.parametrize(
    ("name", "words", "certain"),
    [
        ("tool", ["--token", "abc"], False),
        ("tool", ["--token=abc"], True),
        ("tool", ["token=abc"], False),
        ("kubectl", ["--token", "abc"], True),
        ("docker", ["TOKEN=abc"], True),
    ],
)
def test_whether_a_hidden_word_is_an_options_value(name: str, words: list[str], certain: bool) -> None:
    assert [each for _, _, each in named_values(name, words)] == [certain]


def test_variables_that_a_wrapper_sets() -> None:
    words = ["PGPASSWORD=a b", "TOKEN=", "A=1", "--token=abc", "-x", "a.token=b"]
    assert [words[at][change.start : change.end] for at, change in assigned_values(words)] == ["a b"]


def test_names_of_variables() -> None:
    assert is_secret_name("PGPASSWORD")
    assert is_secret_name("AWS_SECRET_ACCESS_KEY")
    assert not is_secret_name("PWD")
    assert not is_secret_name("HOME")


def test_headers_that_a_client_sends() -> None:
    assert is_header("-H", "X-Token: abc")
    assert is_header("", "--header=X-Token: abc")
    assert not is_header("-d", "token: abc")
