"""Options among words."""

import pytest

from proxy.shell.options import has_option, split_words


@pytest.mark.parametrize("word", ["-o", "-xo", "--output", "--output=x", "--outp"])
def test_an_option_is_found_however_it_is_written(word: str) -> None:
    assert has_option(["a", word], "o", "output")


@pytest.mark.parametrize("word", ["o", "-", "--", "-x", "--input", None])
def test_other_words_are_none(word: str | None) -> None:
    assert not has_option([word], "o", "output")


def test_a_table_is_written_as_words() -> None:
    assert split_words(" a\n  b-c ") == {"a", "b-c"}
