"""Which options of which programs take a secret."""

import pytest

from proxy.showing.bash.changes import applied
from proxy.showing.bash.options import is_operand, is_option, secret_values, subcommand


def shown(name: str, words: list[str]) -> list[str]:
    found = list(secret_values(name, words))
    return [applied(word, [change for at, change, _ in found if at == index]) for index, word in enumerate(words)]


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


@pytest.mark.finding("H1")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        # The word before may take the option for its value.
        ("curl", ["-o", "-u", "http://h:80/x"]),
        ("curl", ["-ou", "http://h:80/x"]),
        ("curl", ["--output", "-u", "http://h:80/x"]),
        ("curl", ["--", "-u", "http://h:80/x"]),
        ("curl", ["--user-agent", "a:b"]),
        ("sshpass", ["-f", "-p", "reboot"]),
        ("ldapsearch", ["-bw", "filter"]),
        ("ldapsearch", ["-b", "-w", "filter"]),
        ("zip", ["-bP", "x.zip", "f"]),
        ("kubectl", ["-n", "--token", "get"]),
        ("mysql", ["--password", "db"]),
        ("kubectl", ["--token-file", "f"]),
        ("docker", ["--password", "x", "run"]),
        ("ls", ["--password=x"]),
        # Another program's table, or another subcommand's.
        ("usermod", ["--badname", "-l", "-p", "root"]),
        ("mysqldump", ["-r", "-pfile", "db"]),
        ("openssl", ["prime", "-k", "17"]),
        ("docker", ["--context", "login", "volume", "rm", "-p", "vol"]),
        # Behind the first operand they are operands.
        ("redis-cli", ["del", "-a", "users"]),
        ("redis-cli", ["-h", "h", "eval", "x", "0", "-a", "users"]),
        ("ldapdelete", ["-x", "cn=a", "-w", "cn=b"]),
        ("ldapdelete", ["-J", "x", "-w", "cn=b"]),
        # The name, the plain value that is written to a file, a count that is another.
        ("htpasswd", ["-b", "f", "-n"]),
        ("htpasswd", ["-bp", "f", "bob", "abc"]),
        ("htpasswd", ["-nb", "f", "bob", "abc"]),
        ("mysqladmin", ["password", "abc"]),
    ],
)
def test_a_word_that_may_be_something_else_is_not_said_to_be_a_secret(name: str, words: list[str]) -> None:
    assert not any(certain for _, _, certain in secret_values(name, words))


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        ("curl", ["-sS", "-u", "a:b"], ["-sS", "-u", "a:***"]),
        ("curl", ["-X", "POST", "-su", "a:b"], ["-X", "POST", "-su", "a:***"]),
        ("curl", ["--silent", "--oauth2-bearer", "b"], ["--silent", "--oauth2-bearer", "***"]),
        ("curl", ["--max-time=5", "-ua:b"], ["--max-time=5", "-ua:***"]),
        ("kubectl", ["--token=b", "get"], ["--token=***", "get"]),
        ("kubectl", ["--token", "b", "get"], ["--token", "***", "get"]),
        ("mysql", ["-pb", "--password=c", "-N"], ["-p***", "--password=***", "-N"]),
        ("docker", ["login", "--password", "b"], ["login", "--password", "***"]),
    ],
)
def test_a_long_option_hides_its_value_as_its_program_reads_it(
    name: str, words: list[str], expected: list[str]
) -> None:
    assert shown(name, words) == expected
    assert all(certain for _, _, certain in secret_values(name, words))


def test_the_name_before_a_word_that_looks_like_an_option_is_seen() -> None:
    assert shown("htpasswd", ["-b", "f", "admin", "-n"]) == ["-b", "f", "admin", "***"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["login", "h"], ("login", "h")),
        (["-H", "tcp://h", "--debug", "--tls=x", "login"], ("login",)),
        (["--context", "login", "volume", "rm"], ("volume", "rm")),
        (["--unknown", "login"], ()),
    ],
)
def test_the_subcommand(words: list[str], found: tuple[str, ...]) -> None:
    assert subcommand(words) == found


def test_where_a_word_stands() -> None:
    assert is_option("curl", ["-s", "-H"], 1)
    assert not is_option("curl", ["-o", "-H"], 1)
    assert is_operand("curl", ["-s", "h"], 1)
    assert is_operand("curl", ["--", "h"], 1)
    assert not is_operand("curl", ["-o", "h"], 1)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("redis-cli", ["-h", "h", "-p", "6379", "-a", "abc", "ping"]),
        ("ldapsearch", ["-xLLL", "-H", "ldap://h", "-D", "cn=a", "-w", "abc", "uid=a"]),
        ("docker", ["-H", "tcp://h", "login", "-u", "bob", "-p", "abc"]),
        ("openssl", ["enc", "-d", "-aes-256-cbc", "-k", "abc"]),
        ("mysqldump", ["--single-transaction", "-h", "h", "-rf", "-pabc", "db"]),
        ("kubectl", ["get", "pods", "--watch", "--token=abc"]),
        ("htpasswd", ["-cb", "f", "bob", "abc"]),
    ],
)
def test_what_people_type_is_certain(name: str, words: list[str]) -> None:
    found = list(secret_values(name, words))
    assert [words[at][change.start : change.end] for at, change, _ in found] == ["abc"]
    assert all(certain for _, _, certain in found)
