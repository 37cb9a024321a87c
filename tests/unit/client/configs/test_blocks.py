"""A marked block comes, changes and goes, and the rest of the file stays."""

import pytest

from client.configs.blocks import put, without
from client.errors import Failed

A, B = "https://a.example", "https://b.example"
TEXTS = ["", "Host x\n    User y\n", "Host x\n    User y", "\n\nHost x\n", "# only a comment\n"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("first", [True, False])
def test_what_was_put_can_be_taken_out(text: str, *, first: bool) -> None:
    once = put(text, A, ["one"], first=first)
    assert "one" in once
    assert put(once, A, ["one"], first=first) == once
    again = put(once, A, ["two"], first=first)
    assert ("one" in again, again.count(">>>")) == (False, 1)
    assert without(again, A).strip("\n") == text.strip("\n")
    assert without(text, A) == text


@pytest.mark.parametrize("first", [True, False])
def test_two_servers_have_two(*, first: bool) -> None:
    both = put(put("Host x\n", A, ["one"], first=first), B, ["two"], first=first)
    assert ("one" in without(both, B), "two" in without(both, B)) == (True, False)
    assert (both.startswith("# >>>"), both.startswith("Host x")) == (first, not first)


def test_one_that_was_cut_off_is_left_alone() -> None:
    block = put("", A, ["one"], first=True).splitlines()
    for text in ("\n".join(block[:-1]), "\n".join(block[1:]), "\n".join(reversed(block)), "\n".join(block * 2)):
        with pytest.raises(Failed, match="by hand"):
            without(text, A)
