"""Here-documents and here-strings that a shell runs."""

from collections.abc import Callable

import pytest

from proxy.shell.documents import fed_script, plain_body, reader
from proxy.syntax.bash import nodes, parse, source

Labels = Callable[[str], set[str]]


def scripts_of(line: str) -> list[str]:
    return [script for node in nodes(parse(line)) if (script := fed_script(node)) is not None]


@pytest.mark.parametrize(
    "line",
    [
        "bash <<E\nrm x\nE",
        "sudo bash -s <<'E'\nrm x\nE",
        "ls && sh <<E\nrm x\nE",
        "ls | sh <<E\nrm x\nE",
        "! sh <<E\nrm x\nE",
    ],
)
def test_a_document_that_a_shell_reads_is_a_script(line: str, labels: Labels) -> None:
    assert scripts_of(line) == ["rm x\n"]
    assert {"command:rm", "dynamic_command"} <= labels(line)


def test_a_here_string_is_one_line_of_script(labels: Labels) -> None:
    assert scripts_of("bash <<< 'rm x'") == ["rm x"]
    assert "command:rm" in labels("bash <<< 'rm x'")


@pytest.mark.parametrize(
    "line",
    [
        "cat <<E\nrm x\nE",
        "bash x.sh <<E\nrm x\nE",
        "bash <<E\nrm $x\nE",
        "bash <<E\nrm \\$x\nE",
        "bash <<< $x",
        "bash < x",
    ],
)
def test_what_is_data_or_cannot_be_seen_is_none(line: str) -> None:
    assert scripts_of(line) == []


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("cat <<E\na b\nE", "a b\n"),
        ("cat <<'E'\n`a` $b\nE", "`a` $b\n"),
        ("cat <<E\n`a`\nE", None),
        ("cat <<E\n$b\nE", None),
        ("cat <<E\n$(a)\nE", None),
    ],
)
def test_a_document_is_plain_where_the_shell_expands_nothing_in_it(line: str, body: str | None) -> None:
    (redirect,) = (node for node in nodes(parse(line)) if node.type == "heredoc_redirect")
    assert plain_body(redirect) == body


def test_a_document_of_a_group_has_no_single_reader() -> None:
    (redirect,) = (node for node in nodes(parse("{ a; b; } <<E\nx\nE")) if node.type == "heredoc_redirect")
    assert reader(redirect) is None
    (redirect,) = (node for node in nodes(parse("a && b <<E\nx\nE")) if node.type == "heredoc_redirect")
    assert source(reader(redirect) or redirect) == "b"
