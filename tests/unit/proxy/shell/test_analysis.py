"""The analysis of command lines, against a table, a corpus of evasions, and a real bash as oracle."""

import random
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from access.policy.resources import StatementRule
from proxy.shell.analysis import analyse
from proxy.shell.secrets import redact
from proxy.statements import strictest
from storage.model import VerdictKind


def labels(command: str) -> set[str]:
    (facts,) = analyse(command)
    assert facts.kind == "exec"
    assert "exec" in facts.labels
    return set(facts.labels) - {"exec"}


def names(command: str) -> set[str]:
    found = labels(command)
    found -= {"redirect_write", "assignment", "arithmetic"}
    assert all(label.startswith("command:") for label in found), found
    return {label.removeprefix("command:") for label in found}


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
def test_every_command_of_a_line_is_named(command: str, expected: set[str]) -> None:
    assert names(command) == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("sudo rm x", {"sudo", "rm"}),
        ("sudo -n -u bob -g wheel A=1 rm x", {"sudo", "rm"}),
        ("sudo --user=bob -- rm x", {"sudo", "rm"}),
        ("sudo -l", {"sudo"}),
        ("sudo -s rm x", {"sudo", "rm"}),
        ("env -i -u X A=1 rm x", {"env", "rm"}),
        ("env - rm x", {"env", "rm"}),
        ("env -S 'rm x'", {"env", "rm"}),
        ("nohup nice -n 5 ionice -c3 rm x", {"nohup", "nice", "ionice", "rm"}),
        ("time -p rm x", {"time", "rm"}),
        ("timeout -s KILL 5 rm x", {"timeout", "rm"}),
        ("exec -a name rm x", {"exec", "rm"}),
        ("command -p rm x; command -v mv", {"command", "rm"}),
        ("builtin command exec rm", {"builtin", "command", "exec", "rm"}),
        ("ls | xargs -0 -I{} -n1 rm {}", {"ls", "xargs", "rm"}),
        ("find . -name x -exec rm {} + -o -ok mv {} y \\;", {"find", "rm", "mv"}),
        ("bash -c 'rm x; mv y'", {"bash", "rm", "mv"}),
        ("sh -ec \"sh -c 'rm x'\"", {"sh", "rm"}),
        ("bash -o pipefail -lc 'rm x'", {"bash", "rm"}),
        ("bash script.sh -c rm", {"bash"}),
        ("su - bob -c 'rm x'", {"su", "rm"}),
        ("flock -n /lock rm x; flock /lock -c 'mv y'", {"flock", "rm", "mv"}),
        ("busybox rm x", {"busybox", "rm"}),
        ("eval rm x; eval 'mv y'", {"eval", "rm", "mv"}),
        ("trap 'rm x' EXIT; trap - INT", {"trap", "rm"}),
        ("watch -n 1 'rm x'", {"watch", "rm"}),
        ("strace -f -o log rm x", {"strace", "rm"}),
        ("chroot /mnt rm x; taskset 3 dd", {"chroot", "rm", "taskset", "dd"}),
        (". ./file", {"source"}),
    ],
)
def test_wrappers_are_looked_through(command: str, expected: set[str]) -> None:
    assert names(command) == expected


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
def test_evasions_are_seen_through(command: str) -> None:
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
def test_what_only_the_running_shell_knows_is_dynamic(command: str) -> None:
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
def test_what_cannot_be_read_is_unparseable(command: str) -> None:
    assert "unparseable" in labels(command)


def test_nesting_has_a_depth_beyond_which_nothing_is_readable() -> None:
    command = "rm"
    for _ in range(9):
        command = f"eval {shlex.quote(command)}"
    assert "unparseable" in labels(command)
    assert "command:echo" in labels("$(" * 2000 + "echo" + ")" * 2000)


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
def test_redirections_that_write(command: str, writes: bool) -> None:
    assert ("redirect_write" in labels(command)) is writes


def test_an_allowed_command_does_not_let_another_one_by() -> None:
    rules = [
        StatementRule(name="reading", match=["command:cat", "command:grep"], verdict=VerdictKind.ALLOW),
        StatementRule(name="else", match=["*"], verdict=VerdictKind.DENY, message="No."),
    ]

    def verdict(command: str) -> VerdictKind:
        rule = strictest(rules, analyse(command))
        assert rule is not None
        return rule.verdict

    assert verdict("cat x | grep y") is VerdictKind.ALLOW
    assert verdict("cat x; rm y") is VerdictKind.DENY
    assert verdict("cat x > y") is VerdictKind.DENY
    assert verdict("cat $(rm y)") is VerdictKind.DENY


@pytest.mark.parametrize(
    "command",
    [
        "echo a; [[ 'a[$(rm x)]' -eq 1 ]]",
        "x='$(rm x)'; echo \"${x@P}\"",
        "a='x[$(rm x)]'; echo $((a))",
        "[ a && rm x ]",
        'echo "$[a]"',
        "cat <<E\n${x@P}\nE",
        "cat <<E\n$[a]\nE",
        "cat <<E\n$((a))\nE",
        "cat <<E\n$((1))${x[a]}\nE",
        "echo ${x//$(rm x)/b}",
        'echo "${x:a}"',
        "echo rm x | xargs env",
        "[ $x ]",
        "test -v 'a[$(rm x)]'",
        "[ -v 'a[$(rm x)]' ]",
        "printf -v 'a[$(rm x)]' y",
        "read 'a[$(rm x)]'",
        "awk 'BEGIN{system(\"rm x\")}'",
        "sed 's/a/rm x/e' f",
        "sed -n '1e rm x' f",
        "sed 'w /etc/x' f",
        "ssh -oProxyCommand='rm x' h ls",
        "git -c alias.x='!rm' x",
        "declare -i a=b",
        "declare 'a[$(rm x)]=1'",
        "a=(['b[$(rm x)]']=1)",
        "for PATH in /tmp; do ls; done",
        "echo ${PATH:=/tmp}",
        "PS4='$(rm x)'; set -x",
        "tar cf x --checkpoint-action=exec=rm y",
        "let 'a[$(rm x)]'",
        "source /dev/stdin <<<'rm x'",
        "((a[$(rm x)]))",
        "for ((i='a[$(rm x)]';i<3;i++)); do ls; done",
        "echo ${x['b[$(rm x)]']}",
        "echo ${!x}",
        'echo "${x[a]@P}"',
        'echo "${@@P}"',
        "ls {x['b[$(rm x)]']}>y",
        "unset 'a[$(rm x)]'",
        "[[ ! -v a[b] ]]",
        "vim x",
        "make",
        "python3 -c 'x'",
        "perl -e x",
        "node",
        "php -r x",
        "less x",
        "docker exec c rm",
        "kubectl run x",
        "tmux new rm",
        "echo rm | at now",
        "crontab -",
        "rsync -e 'sh -c rm' a h:b",
        "tar cf x $y",
        "sed -f x y",
        "awk -f x y",
        "git config core.pager rm",
        "git clone -c core.sshCommand=rm h:x",
        "git rebase -x rm",
        "find . $x -exec ls {} +",
        "ssh host",
        "echo $((1+$(bc)))",
        "((a = $(bc)))",
        "trap $x EXIT",
        "complete -C rm ls",
        "mapfile -C rm x",
        "read PATH",
        "GIT_SSH_COMMAND=rm git fetch",
        "LESSOPEN='|rm' cat",
        "RANDOM='a[$(rm x)]'",
        "[[ a -eq 1 ]]",
        '[ "$a" "$b" x ]',
        "a[x]=1",
        "echo $[a]",
        "export -n $x",
        "env 'BASH_FUNC_ls%%=() { rm; }' bash x",
        "for ((1+((2)); a; )); do ls; done",
        'test "$x" -eq 1',
    ],
)
def test_what_is_evaluated_again_is_never_carried_by_an_allowed_command(command: str) -> None:
    found = labels(command)
    assert found & {"dynamic_command", "unparseable"} or "command:rm" in found, found
    assert _allowing_names(command) is VerdictKind.DENY


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
def test_ordinary_commands_are_not_said_to_be_unknown(command: str) -> None:
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
def test_assignments_arithmetic_and_tests_are_parts_of_their_own(command: str, label: str) -> None:
    assert label in labels(command)
    assert frozenset({"exec", label}) in analyse(command)[0].parts


@pytest.mark.parametrize(
    "command",
    [
        "tee x",
        "cp a b",
        "mv a b",
        "dd if=a of=b",
        "install a b",
        "sed -i s/a/b/ x",
        "sed -ni p x",
        "truncate -s0 x",
        "ln -s a b",
        "sudo tee x",
        "find . -delete",
        "find . -fprint x",
        "sort -o x y",
        "curl -o x http://host/",
    ],
)
def test_programs_that_write_files_are_labelled(command: str) -> None:
    assert "redirect_write" in labels(command)


def _allowing_names(command: str) -> VerdictKind:
    """The verdict of a role that allows every harmless name that stands in the table above, and nothing else."""
    rules = [
        StatementRule(name="some", match=["command:[!r]*", "command:r[!m]*"], verdict=VerdictKind.ALLOW),
        StatementRule(name="else", match=["*"], verdict=VerdictKind.DENY, message="No."),
    ]
    rule = strictest(rules, analyse(command))
    assert rule is not None
    return rule.verdict


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("mysql -uroot -ps3cret -h db", "mysql -uroot -p*** -h db"),
        ("mysqldump --password=s3cret db", "mysqldump --password=*** db"),
        ("tool --password 's3 cret' x", "tool --password *** x"),
        ("tool --api-key=s3cret", "tool --api-key=***"),
        ("PGPASSWORD=s3cret psql", "PGPASSWORD=*** psql"),
        ("export AWS_SECRET_ACCESS_KEY='s3cret'", "export AWS_SECRET_ACCESS_KEY=***"),
        ('PGPASSWORD="$SECRET" psql', 'PGPASSWORD="$SECRET" psql'),
        ("curl -H 'Authorization: Bearer s3cret' http://x", "curl -H 'Authorization: ***' http://x"),
        ("curl -u bob:s3cret http://x", "curl -u bob:*** http://x"),
        ("psql postgres://bob:s3cret@db/x", "psql postgres://bob:***@db/x"),
        ("sshpass -p s3cret ssh x", "sshpass -p *** ssh x"),
        ("redis-cli -a s3cret ping", "redis-cli -a *** ping"),
        ("docker login -u bob -p s3cret", "docker login -u bob -p ***"),
        ("docker run -p 80:80 x", "docker run -p 80:80 x"),
        ('curl -d \'{"password": "s3cret"}\' x', "curl -d '{\"password\": ***}' x"),
        ("echo s3cret | sudo -S ls", "echo *** | sudo -S ls"),
        ("chpasswd <<EOF\nbob:s3cret\nEOF", "chpasswd <<EOF\n***\nEOF"),
        ("bash -c 'tool --token s3cret; ls'", "bash -c 'tool --token ***; ls'"),
        ("pwd; PWD=/x ls; mkdir -p a/b", "pwd; PWD=/x ls; mkdir -p a/b"),
    ],
)
def test_secrets_are_hidden(command: str, shown: str) -> None:
    assert redact(command) == shown
    assert analyse(command)[0].text == shown


def test_long_commands_are_shown_in_part() -> None:
    (facts,) = analyse("echo " + "x" * 10_000)
    assert len(facts.text) < 5_000
    assert facts.text.endswith("more characters)")


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
def test_what_bash_runs_is_named_or_said_to_be_unknown(tmp_path: Path) -> None:
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
