"""Options among words."""

import pytest

from proxy.shell.options import has_option, is_input, split_words


@pytest.mark.parametrize("word", ["-o", "-xo", "--output", "--output=x", "--outp"])
def test_an_option_is_found_however_it_is_written(word: str) -> None:
    assert has_option(["a", word], "o", "output")


@pytest.mark.parametrize("word", ["o", "-", "--", "-x", "--input", None])
def test_other_words_are_none(word: str | None) -> None:
    assert not has_option([word], "o", "output")


def test_a_table_is_written_as_words() -> None:
    assert split_words(" a\n  b-c ") == {"a", "b-c"}


@pytest.mark.parametrize(
    "file",
    [
        "/dev/stdin",
        "//dev/stdin",
        "/./dev/fd/0",
        "/tmp/../proc/self/environ",
        "../../dev/stdin",
        "stdin",
        "fd/0",
        "-",
        None,
    ],
)
def test_a_file_may_be_what_the_program_reads_by_another_name(file: str | None) -> None:
    assert is_input(file)


@pytest.mark.parametrize("file", ["x.sh", "/srv/dev/x.sh", "./stdin.sh", "dev/x.py", "/home/a/1.sh"])
def test_a_file_of_the_host_is_none(file: str) -> None:
    assert not is_input(file)
