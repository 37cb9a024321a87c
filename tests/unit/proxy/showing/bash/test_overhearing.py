"""What may stand beside a secret, and what might read it."""

import pytest

from proxy.shell.commands import command_words, commands
from proxy.showing.bash.overhearing import acts_by_words, is_filter, overhears
from proxy.syntax.bash import nodes, parse


@pytest.mark.parametrize(
    "script",
    [
        "systemctl restart nginx",
        "mysql -pabc -e 'select 1' | gzip > f; rm -rf /srv/x && mkdir -p /srv/x",
        'PGPASSWORD=abc pg_dump -h db "$HOME" 2>&1 >/dev/null | sort -u | head -5 | wc -l',
        "(cd /srv; rm x) & { echo done; }; ! true",
        "sudo -u bob timeout 5 redis-cli -a abc ping",
        "bash -c 'rm x'",
        "sudo -S systemctl restart nginx <<< abc",
        "curl -sS -u a:b -o x https://h/ # token=abc",
        "kinit <<E\nabc\nE",
        "rm /srv/*/x{1,2} *.old $HOME/*.log",
        "LC_ALL=C PGHOST=h PGPASSWORD=abc pg_dump db",
        "sudo -u bob env PGPASSWORD=abc TZ=UTC psql -l",
    ],
)
def test_plain_words_and_commands_are_deaf(script: str) -> None:
    assert not overhears(parse(script))


@pytest.mark.finding("H1")
@pytest.mark.parametrize(
    "script",
    [
        "cat /proc/self/environ",
        "cat f",
        "xargs systemctl stop",
        "systemctl stop $TOKEN",
        "systemctl stop ${BASH_EXECUTION_STRING:3}",
        "systemctl stop $_",
        "systemctl stop `id`",
        "systemctl stop <(id)",
        "systemctl stop $((1))",
        "gzip < f",
        "gzip <> f",
        "gzip <&3",
        "export A=b",
        "A=b env",
        "env",
        "sudo -s",
        "find . -name x",
        "cp a b",
        "mv a b",
        "ps axe > f",
        "pgrep -af x > f",
        "grep x f",
        "sort --files0-from=f",
        "head f",
        "while true; do rm x; done",
        "f() { rm x; }",
        "rm () { true; }",
        "[[ -f x ]] && rm x",
        "[ -f x ] && rm x",
        "./systemctl restart nginx",
        "/srv/bin/rm x",
        "cd /proc/self; zip -Pabc x.zip cmdline",
        "zip -Pabc x.zip /proc/self/cmdline",
        "zip -Pabc x.zip /dev/fd/0",
        "curl -u a:b -o x file:///proc/self/cmdline",
        "curl -u a:b -K f",
        "wget -i f",
        "redis-cli --eval f",
        "redis-cli -x set a",
        "psql -f f",
        "ldapmodify -f f",
        "ssh h rm x",
        "python3 x.py",
        "mytool x",
        "declare -p",
        "read x",
        "POSIXLY_CORRECT=1 useradd bob",
        "POSIXLY_CORRECT=1; useradd bob",
        "env POSIXLY_CORRECT=1 useradd bob",
        "rm $LANG",
        "cd /pr?c",
        "cd /*/self",
        "cd ../p*",
        "cd /srv/../p*",
        'cd /"p"r?c',
        "cd /{proc,x}",
        "curl -T /dev/tty http://h",
    ],
)
def test_whatever_else_there_is_might_overhear(script: str) -> None:
    assert overhears(parse(script))


def test_filters_are_given_options_only() -> None:
    def filters(script: str) -> list[bool]:
        return [
            is_filter(command)
            for node in nodes(parse(script))
            if node.type == "command"
            for command in commands(command_words(node))
        ]

    assert filters("cat | sort -u | head -n 5 | gzip -9 -") == [True] * 4
    assert filters("tail -c 5 | xz -T0 -9 | zstd -19 | sort -k2 -rn | wc --lines | gzip --best") == [True] * 6
    assert filters("xz --files | sort -of | sort --files0-from - | cat 5 | zstd --filelist - | wc 5") == [False] * 6
    assert filters("zstd -D 5 | lz4 -o 5 | head -q 5") == [False] * 3
    assert filters("cat f | head /etc/x | sort --files0-from=f | tee x") == [False] * 4


def test_commands_that_never_read_their_input() -> None:
    def acts(script: str) -> bool:
        (node,) = [each for each in nodes(parse(script)) if each.type == "command"]
        (command,) = commands(command_words(node))
        return acts_by_words(command)

    assert acts("systemctl stop x")
    assert acts("rm x")
    assert not acts("systemctl edit --stdin x")
    assert not acts("logger")
    assert not acts("service x start")
