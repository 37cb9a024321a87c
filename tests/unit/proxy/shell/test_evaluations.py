"""Strings that the shell reads a second time may run anything."""

from collections.abc import Callable

import pytest

from storage.model import VerdictKind

Labels = Callable[[str], set[str]]
Verdict = Callable[[str], VerdictKind]


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
        "declare -i a=b",
        "declare 'a[$(rm x)]=1'",
        "a=(['b[$(rm x)]']=1)",
        "for PATH in /tmp; do ls; done",
        "echo ${PATH:=/tmp}",
        "PS4='$(rm x)'; set -x",
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
        "echo $((1+$(bc)))",
        "((a = $(bc)))",
        "trap $x EXIT",
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
        "ls >&'$(rm x)'",
        "ls 1>&$x",
        "ls >&a\\`rm\\`",
        "mapfile -tCrm x",
        "declare -a a='([$(rm x)]=1)'",
        "a=(1); declare a='([$(rm x)]=1)'",
        "declare -A a=$x",
        "declare DIRSTACK=$x",
        "export -a a='($(rm x))'",
        "readonly -A a=$x",
        "local a+='($(rm x))'",
        "[[ a =~ <(rm x) ]]",
        "[[ a =~ >(b^;rm x) ]]",
        "RSYNC_CONNECT_PROG=rm rsync rsync://x/y z",
        "WGETRC=x wget y",
    ],
)
def test_what_is_evaluated_again_is_never_carried_by_an_allowed_command(
    labels: Labels, allowing_names: Verdict, command: str
) -> None:
    found = labels(command)
    assert found & {"dynamic_command", "unparseable"} or "command:rm" in found, found
    assert allowing_names(command) is VerdictKind.DENY


@pytest.mark.parametrize(
    "command",
    [
        "ls 2>&1 >&2",
        "ls >&x",
        "ls 2>&$fd",
        "export A=$(date) B=$x",
        "readonly A=$x",
        "declare -a a=(1 2); declare -x b=c",
        "[[ a =~ ^(b|c)<d>$ ]]",
        '[[ a =~ "<(" ]]',
        "APP_ENV=prod ls",
    ],
)
def test_what_is_read_once_is_not_dynamic(labels: Labels, command: str) -> None:
    assert not labels(command) & {"dynamic_command", "unparseable"}
