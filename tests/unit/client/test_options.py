"""Which words are ours, and which are a program's."""

import pytest

from client.commands import BY_NAME
from client.errors import USAGE, Failed
from client.options import Given, read


def given(name: str, *words: str) -> Given:
    return read(BY_NAME[name], words)


@pytest.mark.parametrize(
    ("words", "role", "rest"),
    [
        (["db"], None, []),
        (["db", "-c", "select 1"], None, ["-c", "select 1"]),
        (["db", "--", "-c", "select 1"], None, ["-c", "select 1"]),
        (["--role", "read", "db", "-At"], "read", ["-At"]),
        (["db", "--role=read", "-At"], "read", ["-At"]),
        (["db", "-At", "--role", "other"], None, ["-At", "--role", "other"]),
        (["db", "--", "--role", "other"], None, ["--role", "other"]),
        (["--", "db"], None, ["db"]),
        (["db", "--help"], None, ["--help"]),
        (["db", "x", "--server", "y"], None, ["x", "--server", "y"]),
        (["db", "--", "--"], None, ["--"]),
    ],
)
def test_a_programs_words_are_left_alone(words: list[str], role: str | None, rest: list[str]) -> None:
    if words == ["--", "db"]:
        with pytest.raises(Failed):
            given("psql", *words)
        return
    found = given("psql", *words)
    assert (found.words, found.value("--role"), found.rest) == (["db"], role, rest)


def test_copies_take_no_resource_of_their_own() -> None:
    found = given("scp", "--role", "deploy", "-r", "--reason", "a", "web-1:x", ".")
    assert (found.value("--role"), found.value("--reason")) == ("deploy", None)
    assert found.rest == ["-r", "--reason", "a", "web-1:x", "."]
    assert given("rsync", "--server", "gate", "--server", "-a").rest == []


def test_what_is_ours_may_stand_anywhere_of_a_command_of_ours() -> None:
    found = given("request", "db", "--reason", "INC 1", "read", "--no-wait", "--for=30m")
    assert (found.words, found.flags, found.values) == (
        ["db", "read"],
        {"--no-wait"},
        {"--reason": "INC 1", "--for": "30m"},
    )
    assert given("request", "--", "--odd").words == ["--odd"]


@pytest.mark.parametrize(
    ("name", "words", "says"),
    [
        ("request", [], "gatepass request"),
        ("request", ["a", "b", "c"], "gatepass request"),
        ("request", ["a", "--nothing"], "no option --nothing"),
        ("request", ["a", "--reason"], "takes a value"),
        ("request", ["a", "--no-wait=x"], "takes no value"),
        ("psql", [], "gatepass psql"),
        ("logout", ["x"], "gatepass logout"),
    ],
)
def test_what_a_command_does_not_take(name: str, words: list[str], says: str) -> None:
    with pytest.raises(Failed, match=says) as failed:
        given(name, *words)
    assert failed.value.status == USAGE


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["db", "--role", "x", "--help"]])
def test_help_is_asked_for(words: list[str]) -> None:
    assert given("request", *words).wants_help
