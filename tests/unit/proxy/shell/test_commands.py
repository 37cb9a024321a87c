"""The commands of a simple command: itself, and what it hands its words on to."""

import pytest

from proxy.shell.commands import MAX_INNER, Command, after_redirects, command_words, commands, target
from proxy.syntax.bash import nodes, parse, source


def commands_of(line: str) -> list[Command]:
    return [each for node in nodes(parse(line)) if node.type == "command" for each in commands(command_words(node))]


def test_each_command_has_its_own_words_and_what_it_hands_on() -> None:
    sudo, mysql = commands_of("sudo -u bob mysql -ps3 db")
    assert (sudo.basename, sudo.is_inner, [each.word for each in sudo.own]) == ("sudo", False, ["-u", "bob"])
    assert (mysql.basename, mysql.is_inner, mysql.words) == ("mysql", True, ["-ps3", "db"])
    assert mysql.own == mysql.arguments


def test_scripts_are_the_arguments_that_a_shell_joins() -> None:
    (shell,) = commands_of("bash -ec 'rm x' y")
    assert [[argument.word for argument in group] for group in shell.scripts] == [["rm x"]]
    (other,) = commands_of("ssh h rm 'a b'")
    assert [[argument.word for argument in group] for group in other.scripts] == [["rm", "a b"]]


def test_what_is_computed_has_no_word() -> None:
    (command,) = commands_of('$x a"$y" b')
    assert (command.name, command.basename, command.words) == (None, "", [None, "b"])


@pytest.mark.parametrize("line", ["ls x", "/bin/ls x", "/usr/sbin/reboot", "/usr/local/bin/tool"])
def test_what_the_host_has_installed(line: str) -> None:
    assert commands_of(line)[0].is_installed


@pytest.mark.parametrize("line", ["./ls x", "/tmp/ls", "bin/ls", "/usr/bin/../../tmp/ls", "~/bin/ls"])
def test_a_file_that_anybody_may_have_put_there(line: str) -> None:
    assert not commands_of(line)[0].is_installed


def test_words_behind_a_redirection_are_the_commands() -> None:
    (statement,) = (node for node in nodes(parse("sudo >log rm x")) if node.type == "redirected_statement")
    assert [source(word) for word in after_redirects(statement)] == ["rm", "x"]
    assert [each.basename for each in commands_of("sudo >log rm x")] == ["sudo", "rm"]


def test_what_closes_a_descriptor_has_no_target() -> None:
    (redirect,) = (node for node in nodes(parse("env 2>&- rm")) if node.type == "file_redirect")
    assert target(redirect) is None
    assert [each.basename for each in commands_of("env 2>&- rm")] == ["env", "rm"]


def test_a_word_that_something_is_put_into_is_computed_where_it_runs() -> None:
    (_, shell) = commands_of("find . -exec sh -c 'ls {}' x{} ;")
    assert shell.words == ["-c", "ls {}", "x{}"]
    assert [[argument.word for argument in group] for group in shell.scripts] == [[None]]
    assert [each.name for each in commands_of("xargs -IX nice aX")] == ["xargs", "nice", None]


def test_so_many_commands_in_one_are_read_and_no_more() -> None:
    names = [each.name for each in commands_of("env " * 20_000 + "rm")]
    assert names == ["env"] * MAX_INNER + [None]
