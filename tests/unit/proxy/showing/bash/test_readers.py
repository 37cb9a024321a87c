"""What is fed to a command."""

import pytest

from proxy.showing.bash.readers import Feeds, chain_of, feeds, last_reader, passwords_in
from proxy.syntax.bash import nodes, parse, source


def made_of(line: str, defined: frozenset[str] = frozenset()) -> Feeds:
    return feeds(chain_of(next(node for node in nodes(parse(line)) if node.type == "command")), defined)


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("kinit bob", Feeds.PASSWORD),
        ("sudo chpasswd", Feeds.PASSWORD),
        ("docker login -u bob --password-stdin h", Feeds.PASSWORD),
        ("docker --context prod login --password-stdin", Feeds.PASSWORD),
        ("helm registry login --password-stdin h", Feeds.PASSWORD),
        ("docker container exec -i c sh -s login --password-stdin", Feeds.PASSWORD_AND_MORE),
        ("sudo -S systemctl restart x", Feeds.PASSWORD_AND_MORE),
        ("sudo -S sh -c 'rm x'", Feeds.PASSWORD_AND_MORE),
        ("gpg --passphrase-fd 0 x", Feeds.PASSWORD_AND_MORE),
        ("bash", Feeds.SCRIPT),
        ("sudo -S bash -s", Feeds.SCRIPT),
        ("bash x.sh", Feeds.DATA),
        ("sudo -S python3", Feeds.DATA),
        ("sudo -S mywrapper x", Feeds.DATA),
        ("cat", Feeds.DATA),
        ("./kinit", Feeds.DATA),
        ("$x kinit", Feeds.DATA),
        ("mywrapper --password-stdin", Feeds.DATA),
    ],
)
def test_what_a_command_makes_of_its_input(line: str, made: Feeds) -> None:
    assert made_of(line) is made


def test_a_function_of_the_line_may_be_anything() -> None:
    assert made_of("kinit", frozenset({"kinit"})) is Feeds.DATA
    assert feeds([], frozenset()) is Feeds.DATA


@pytest.mark.parametrize(
    ("line", "reader"),
    [
        ("kinit <<E\nx\nE", "kinit"),
        ("cat <<E | kinit\nx\nE", "kinit"),
        ("tee f <<E | kinit\nx\nE", "tee f"),
        ("cat - f <<E | kinit\nx\nE", "cat - f"),
    ],
)
def test_where_a_document_ends(line: str, reader: str) -> None:
    (redirect,) = (node for node in nodes(parse(line)) if node.type == "heredoc_redirect")
    found = last_reader(redirect)
    assert found is not None
    assert source(found) == reader


@pytest.mark.parametrize(
    ("command", "text", "hidden", "certain"),
    [
        ("kinit", "a:b", ["a:b"], True),
        ("chpasswd", "bob:a b", ["a b"], True),
        ("chpasswd", "bob:abc\nann:def\n", ["abc", "def"], True),
        ("chpasswd", r"bob:abc\n", [r"abc\n"], True),
        ("chpasswd", r"bob:abc\nann:def", [r"abc\nann:def"], False),
        ("chpasswd", "abc", ["abc"], False),
    ],
)
def test_what_of_a_text_is_a_password(command: str, text: str, hidden: list[str], *, certain: bool) -> None:
    (chain,) = [chain_of(node) for node in nodes(parse(command)) if node.type == "command"]
    found, is_certain = passwords_in(chain[-1], text)
    assert ([text[each.start : each.end] for each in found], is_certain) == (hidden, certain)
