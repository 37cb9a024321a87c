"""What of a command line decides what runs."""

import pytest

from proxy.showing.bash.skeleton import Unreadable, skeleton


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ls a 'b c' \"d\"", "ls *** *** x"),
        ("A=1 ls", "A=*** ls"),
        ('tool --x="a$(rm y)b"', 'tool --x="***$(rm z)"'),
        ("cat <<E\na\nE", "cat <<E\nb\nE"),
        ("ls # a", "ls # b"),
        ("bash -c 'rm x'", "bash -c 'rm y'"),
    ],
)
def test_arguments_are_no_part_of_it(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ls; rm x", "ls && rm x"),
        ("ls\nrm x", "ls rm x"),
        ("ls; rm x", "ls *** x"),
        ("ls | rm", "ls |& rm"),
        ("ls & rm", "ls; rm"),
        ("ls > x", "ls > y"),
        ("ls > x", "ls >> x"),
        ("ls $(rm)", "ls $(mv)"),
        ("ls $(rm)", "ls x"),
        ("ls $x", "ls $y"),
        ("ls `ls \\`rm x\\``", "ls `ls \\`mv x\\``"),
        ('ls "$x"', "ls $x"),
        ("sudo rm x", "sudo mv x"),
        ("bash -c 'rm x'", "bash -c 'mv x'"),
        ("bash -c 'rm x; ls'", "bash -c 'rm x ls'"),
        ("bash <<E\nrm x\nE", "bash <<E\nmv x\nE"),
        ("cat <<E\n$(rm)\nE", "cat <<E\n$(mv)\nE"),
        ("cat <<E\na\nE", "cat <<'E'\na\nE"),
        ("ls x", "ls x y"),
        ("f() { rm; }", "g() { rm; }"),
    ],
)
def test_everything_else_is(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


@pytest.mark.parametrize("line", ["if", "bash -c 'if'"])
def test_what_cannot_be_read_has_none(line: str) -> None:
    with pytest.raises(Unreadable):
        skeleton(line)


def test_it_does_not_fall_over_depth() -> None:
    assert skeleton("$(" * 1000 + "ls" + ")" * 1000)
