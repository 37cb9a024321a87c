"""Where bash and the grammar read two things, nobody believes the grammar."""

import time
from collections.abc import Callable

import pytest

from access.policy.labels import ShellLabel
from proxy.shell.analysis import judge
from proxy.shell.readings import (
    MAX_EXPANSIONS,
    MAX_OPERATORS,
    backquoted,
    is_read_otherwise,
    is_read_whole,
    is_unfit,
    joined,
)
from proxy.syntax.bash import nodes, parse, source
from storage.model import VerdictKind

Labels = Callable[[str], set[str]]
Verdict = Callable[[str], VerdictKind]


def doubted(line: str) -> set[str]:
    return {node.type for node in nodes(parse(line)) if is_read_otherwise(node)}


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("echo a\n\\rm x", "word"),
        (">x\n\\rm", "word"),
        ("cat <<<x\n\\rm", "word"),
        ("echo # x\n\\rm", "word"),
        ("sh <<E\n\\rm x\nE", "word"),
        ("cat <=~<E | tee x do | bash\nrm>&-\nE", "command"),
        ("ls \\ rm", "command"),
        (": # x \\\nrm", "comment"),
        ("(ls) > x rm", "redirected_statement"),
        ("echo \"${x:-'$(rm x)'}\"", "raw_string"),
        ("cat <<E\n${x:-'`rm x`'}\nE", "raw_string"),
        ("echo \"${x+'}$(rm x)'}\"", "raw_string"),
        ("echo `: '` rm x `'`", "command_substitution"),
        ("echo ${x:-<(rm x)}", "expansion"),
        ("echo ${x:-b${y->(rm x)}}", "expansion"),
        ("ls $'\\\\' ' #'; rm x", "ansi_c_string"),
        ("bash -c 'ls'\\;rm", "command"),
        ("'r'\\m x", "command"),
        ("x=('ls'\\;rm)", "array"),
        ("export x='ls'\\;rm", "declaration_command"),
        ("<<<x ``\nrm", "concatenation"),
        (">& -rm", "file_redirect"),
        ("2<& -'rm' x", "file_redirect"),
    ],
)
def test_a_node_that_bash_reads_otherwise_is_not_believed(
    allowing_names: Verdict, labels: Labels, line: str, kind: str
) -> None:
    assert kind in doubted(line)
    assert "unparseable" in labels(line)
    assert allowing_names(line) is VerdictKind.DENY


@pytest.mark.parametrize(
    "document",
    [
        "cat <<E\n\tE\nls <<'F'\nE\nrm x\nF",
        "cat <<E\n E\nls <<'F'\nE\nrm x\nF",
        "cat <<-E\n \tE\nls <<'F'\nE\nrm x\nF",
        "cat <<-E\n\tE \nls <<'F'\nE\nrm x\nF",
        "cat <<E\nx\\\nE\nls <<'F'\nE\nrm x\nF",
        "cat <<$(z)\nE$(rm x)",
        ": $(cat <<E\n)\n\n\tE\nErm x)",
        "echo $(cat <<E\nx\nEx\nE\nrm x)",
        "cat <<E\nEx\nls <<'F'\nE\nrm x\nF",
    ],
)
def test_a_document_must_end_where_bash_sees_it_end(allowing_names: Verdict, labels: Labels, document: str) -> None:
    assert "unparseable" in labels(document)
    assert allowing_names(document) is VerdictKind.DENY


@pytest.mark.parametrize(
    "line",
    [
        "cat <<E\nx\nE",
        "cat <<'E' > f\nx\\\nE\nls",
        "cat <<-E\n\tx\n\tE\nls",
        "cat <<\\E\n$x\nE",
        'cat <<"end of it"\nx\nend of it',
        'echo "$(cat <<E\nx\nE\n)"',
        "\n\ncat <<E | grep x && ls\nx\nE\nls",
        "ls \\\n  -l \\\n  x",
        "f() {\n  ls\n}\nf",
        "for x in a b\ndo\n  ls\ndone < y",
        "case x in\n  a | b)\n    ls\n    ;;\nesac",
        "a=(1\n  2)",
        "ls &&\n  ls |\n  wc",
        "[[ -f x &&\n -f y ]]",
        "echo ${x:-a b} \"${x:-'a'}\" ${x/a b/c}",
        'echo `date +%s` "`date`"',
        "(ls)>x 2>&1&&ls;ls|wc&",
        "for((i=0;i<3;i++));do ls;done<x",
        "f()(ls);case x in a|b)ls;;*)(ls)esac",
        "export A=b C=\"d\"'e' F=$x/y",
        "echo $'it\\'s \\\\ b' a\\ b 'it'\\''s' \"$x\"/y {a,b}c $((1+2))d",
        "find . \\( -name a -o -name '*.b' \\) -exec ls {} \\;",
        "x=(a \"b\" 'c'd) ls >x",
        "tar czf backup-`date +%F`.tgz . >log-`date +%F`.txt",
        "x=(a`date`b)",
        "ls 2>&1 3>&- 4>& - >&2 -l",
    ],
)
def test_what_both_read_alike_is_believed(line: str) -> None:
    assert not doubted(line)


@pytest.mark.parametrize(
    "line",
    [
        "\\ #; rm x",
        "\n\\\t#; rm x",
        "\\ [[ x || rm x ]]",
        "[ a ]#; rm x",
        "[ a ]\\\n#; rm x",
        "{ ls; }#; rm x",
        "x=(a)#; rm x",
    ],
)
def test_a_hash_or_an_escape_that_bash_puts_into_a_word_is_not_believed(
    allowing_names: Verdict, labels: Labels, line: str
) -> None:
    assert not is_read_whole(parse(line), line)
    assert "unparseable" in labels(line)
    assert allowing_names(line) is VerdictKind.DENY


@pytest.mark.parametrize(
    "line",
    [
        "",
        " \n",
        "\\\n ls \n",
        "# a\n\n\t# b\nls # c\n",
        "ls;#a\nls&#b\nls|#c\nls&&#d\n(ls)#e\n(#f\nls)",
        "f()#a\n{ ls;#b\n}\ncase x in x)#c\nls;;#d\nesac",
        "ls \\\n#a",
        "ls \\\\\n#a",
        "cat <<E #a\nx\nE\n#b",
        "x=(#a\n1 #b\n)",
        "((1))#a",
    ],
)
def test_comments_that_both_see_are_believed(line: str) -> None:
    assert is_read_whole(parse(line), line)
    assert not doubted(line)


@pytest.mark.parametrize(
    ("line", "scripts"),
    [
        ("echo `date`", []),
        ("echo $(echo \\$x)", []),
        ("echo `echo \\`rm x\\``", ["echo `rm x`"]),
        ("echo `\\\\rm x`", ["\\rm x"]),
        ("echo $`\\\\rm x`", ["\\rm x"]),
        ('echo `: "\\$(rm x)"`', [': "$(rm x)"']),
        ('echo "`: \\"x\\"`"', [': \\"x\\"', ': "x"']),
    ],
)
def test_a_backslash_in_backquotes_is_taken_away_before_they_are_read(line: str, scripts: list[str]) -> None:
    assert [each for node in nodes(parse(line)) for each in backquoted(node)] == scripts


def test_what_backquotes_hold_is_judged_as_bash_reads_it(labels: Labels) -> None:
    assert "command:rm" in labels("echo `echo \\`rm x\\``")
    assert "command:rm" in labels("echo `: \\\\'; rm x; : \\\\'`")


@pytest.mark.parametrize(
    "line",
    [
        "sh -c '[[ x || rm x ]]'",
        "dash -c '[[ x =~ a|rm ]]'",
        "sh -c 'echo &>x rm'",
        "flock x -c 'echo a &>>x rm'",
        "watch 'ls &>x rm'",
        "sh -c \"echo \\$'a\\\\'; rm; echo \\\\''\"",
        "sh -c 'eval \"[[ x || rm ]]\"'",
    ],
)
def test_what_another_shell_would_run_is_dynamic(labels: Labels, line: str) -> None:
    assert labels(line) & {"dynamic_command", "unparseable"}


@pytest.mark.parametrize(
    "line",
    [
        "[[ x || rm ]]",
        "bash -c '[[ x || y ]] &>z'",
        "sh -c 'bash -c \"[[ x || y ]]\"'",
        "sh -c 'grep [[:digit:]] x 2>&1'",
    ],
)
def test_what_bash_reads_is_as_bash_reads_it(labels: Labels, line: str) -> None:
    assert not labels(line) & {"dynamic_command", "unparseable", "command:rm"}


@pytest.mark.parametrize(
    "line", ["ls\rrm", "ls\x0brm", "ls\x00", "echo $\nrm", "cat <<E\n" + "$x " * MAX_EXPANSIONS + "`"]
)
def test_a_line_that_the_grammar_cannot_be_asked_about(line: str) -> None:
    assert is_unfit(line)
    assert not is_unfit("cat <<E\n$x `y`\nE\n\tls")


@pytest.mark.parametrize(
    ("line", "one"),
    [
        ("ls a\\\n1", "ls a1"),
        ("ls 4111\\\n\\\n1", "ls 41111"),
        ("ls é 1\\\n2", "ls é 12"),
        ("ls \\\n a", "ls \\\n a"),
        ("ls 'a\\\nb'", "ls 'a\\\nb'"),
        ("cat <<'E'\na\\\nb\nE", "cat <<'E'\na\\\nb\nE"),
        ("ls \ud800\\\n1", "ls \ud800\\\n1"),
    ],
)
def test_words_that_go_on_in_the_next_line_are_put_together(line: str, one: str) -> None:
    assert joined(line) == one


def test_a_name_in_two_lines_is_one_word() -> None:
    (name,) = (node for node in nodes(parse(joined("re\\\n1 x"))) if node.type == "command_name")
    assert source(name) == "re1"


def test_what_goes_on_beside_a_backquote_is_computed(labels: Labels) -> None:
    """The grammar makes two words of it, of which the first would be a plain one."""
    assert labels("tar cf a-`date`.log x") == labels("tar cf a-$(date).log x")
    assert labels("ls >/dev/null`date`b") == {"command:ls", "command:date", "redirect_write"}
    for line in ("sudo -u a`date`b rm", "bash -c ls`date`b", "r`date`m", "x=a`date`b rm", "sudo >a`date`b rm"):
        assert labels(line) & {"dynamic_command", "command:rm"}


@pytest.mark.parametrize("unit", ["a|", ")", "x=(", "a) ", "|&", "<<E\n", "<<<"])
@pytest.mark.parametrize("before", ["", "#'\n", "\\'", "$'\\'", '"$(echo "\'")" ', "`'`"])
def test_a_line_of_many_operators_is_not_put_to_the_grammar(unit: str, before: str) -> None:
    """Which takes the square of their number, and half a minute for what a client may send."""
    assert is_unfit(before + unit * (MAX_OPERATORS + 1) + "'")
    assert not is_unfit("a|" * MAX_OPERATORS)


def test_what_is_quoted_is_no_operator() -> None:
    values = "(1, 2), " * MAX_OPERATORS
    assert not is_unfit(f"mytool --values \"{values} (1, 2)\" | tee '({values}'")


@pytest.mark.parametrize(
    "line", [r"echo 中\;rm", 'echo "中\\"; rm #"', 'echo "中`\'";rm;#\'`"', r"x='$'; echo 'é|è'", "a中|b"]
)
def test_characters_that_another_character_set_joins_with_what_follows(line: str) -> None:
    assert is_unfit(line)


@pytest.mark.parametrize(
    "line", ["grep -E 'été|hiver' notes", "echo 中; ls", 'echo "中]" | wc', "touch é && ls ü*", "echo 中 | wc"]
)
def test_other_characters_are_nobodys_business(line: str) -> None:
    assert not is_unfit(line)


@pytest.mark.parametrize(
    ("before", "unit"),
    [
        ("[[ a =~ ", "a`b`"),
        ("((", "$"),
        ("echo ${x#", "~"),
        ("echo ${x/", "+"),
        ("echo ${x:-", "a]"),
        ("echo $((", "a]"),
    ],
)
def test_no_line_costs_the_square_of_its_length(before: str, unit: str) -> None:
    """It took the grammar half a minute for what a client may send, in which no other thread ran."""

    def cost(length: int) -> float:
        line, began = before + unit * (length // len(unit)), time.thread_time()
        assert ShellLabel.UNPARSEABLE in judge(line).labels
        return time.thread_time() - began

    assert cost(60_000) < 8 * min(cost(15_000) for _ in range(3))
