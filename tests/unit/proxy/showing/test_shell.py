"""What a person is shown of a command line, and what nobody is asked to approve."""

import pytest

from access.visible import MAX_SHOWN_CHARS
from proxy.showing.shell import facts_of, facts_of_unread, show_command


def shown(line: str) -> str:
    return show_command(line).text


@pytest.mark.finding("H1")
@pytest.mark.parametrize(
    "line",
    [
        "systemctl status x; : Authorization: ; touch mark; ls",
        "systemctl restart nginx; : cookie: x && rm -rf /srv/data && dd if=/dev/zero of=/dev/sda",
        "systemctl restart nginx; echo -----BEGIN PRIVATE KEY-----\nrm -rf /srv/data\necho -----END PRIVATE KEY-----",
        "systemctl restart nginx; bash <<E\nrm -rf /srv\nE\n: kinit",
        "systemctl restart nginx; echo '-----BEGIN PRIVATE KEY-----\nrm -rf /srv\n-----END PRIVATE KEY-----' | sh",
        "echo '-----BEGIN PRIVATE KEY-----\nrm -rf\n' > x; sh x",
        ": x-api-key: ; rm -rf /srv",
        ": token= rm -rf /srv",
        "PASSWORD= rm -rf /srv",
        "cat > x <<E\nPASSWORD= rm -rf /srv\nE\nsh x",
        "cat > x <<E\ntoken:\nrm -rf /srv\nE\nsh x",
        "TOKEN='rm -rf /srv' bash -c '$TOKEN'",
        "TOKEN='rm -rf /srv'; eval $TOKEN",
        "true --password 'rm -rf /'; eval \"$_\"",
        "echo --token='x;rm -rf /srv' | sh",
        "yes 'token=;rm -rf /srv' > f; sh f",
        "mysql() { eval \"$1\"; }; mysql -p'rm -rf /srv'",
        "kinit() { sh; }; echo 'rm -rf /srv' | kinit",
        "./mysql -p'rm -rf /srv'",
        "/tmp/kinit <<E\nrm -rf /srv\nE",
        "tee f <<E | kinit\nrm -rf /srv\nE",
        "cat <<E | kinit\n`rm -rf /srv`\nE",
        "kinit <<E\nx $(rm -rf /srv)\nE",
        "echo 'rm -rf /srv' | sudo -S tee x.sh; sh x.sh",
        "echo 'rm -rf /srv' | sudo -S bash",
        "sudo -S bash <<E\npw\nrm -rf /srv\nE",
        "sudo --password rm -rf /srv",
        "gosu --token rm -rf /srv",
        "xargs --password rm",
        "find . -name --password -exec rm {} +",
        "rm password=/srv/data; ls -l token=/srv",
        "tool --password {x,rm}",
        "echo 'https://u:p;rm;@h' | sh",
        "printf 'password=\\nrm -rf /srv\\n' | sh",
        "passwd; rm -rf /srv",
        "echo x | passwd --stdin bob; echo y; rm -rf /srv",
        "docker run -p 0.0.0.0:22:22 login",
        "case token in token=*) rm -rf /srv;; esac",
        "for token in rm; do $token -rf /srv; done",
        "ls -l '-----BEGIN PRIVATE KEY-----'\nrm -rf /srv\nls '-----END PRIVATE KEY-----'",
        "python3 -c 'import os; os.remove(\"x\")'",
        "psql -c 'delete from customers'",
        "awk '/password/ {print > \"x\"}' f",
        "ssh h 'rm -rf /srv; : Authorization: '",
        "env TOKEN='rm -rf /srv' bash -c '$TOKEN'",
        "sudo TOKEN= rm -rf /srv",
        "echo `: token= \\`rm -rf /srv\\``",
        "find . -exec sh -c 'rm -rf /srv {} token=' \\;",
        "cat <<E\n\tE\nls <<'F'\nE\nrm -rf /srv token=\nF",
        "echo token=a\n\\rm -rf /srv",
        "bash -c ': cookie: ; rm -rf /srv'",
    ],
)
def test_what_runs_is_never_hidden(line: str) -> None:
    for word in (
        "rm",
        "/srv",
        "dd if=/dev/zero",
        "touch mark",
        "delete from customers",
        "os.remove",
        "22:22",
        "print >",
    ):
        assert shown(line).count(word) == line.count(word), shown(line)


@pytest.mark.finding("H1")
@pytest.mark.parametrize(
    ("line", "text"),
    [
        (
            'systemctl restart nginx --token="x$(rm -rf /srv/data)"',
            'systemctl restart nginx --token="***$(rm -rf /srv/data)"',
        ),
        ("echo hi | kinit; echo x $(rm -rf /srv) y", "echo *** | kinit; echo x $(rm -rf /srv) y"),
        ("tool --token=ab\"c$(rm x)d\"'e'", 'tool --token=***"$(rm x)***"'),
        ("sudo mysql -ps3cret db; rm x", "sudo mysql -p*** db; rm x"),
        ("bash -c 'mysql -p\"s 3\" db; rm x'", "bash -c 'mysql -p*** db; rm x'"),
        ('bash -c "curl -u a:b h && rm x"', 'bash -c "curl -u a:*** h && rm x"'),
        ("eval tool --token=abc ';' rm x", "eval tool --token=*** ';' rm x"),
        ("bash <<< 'mysql -ps3; rm x'", "bash <<< 'mysql -p***; rm x'"),
        ("ls && bash <<E\nmysql -ps3\nrm x\nE", "ls && bash <<E\nmysql -p***\nrm x\nE"),
        ("cat <<E | kinit\ns3;cret\nE\nrm x", "cat <<E | kinit\n***\nE\nrm x"),
        ("ls # token=abc\nrm x", "ls # token=***\nrm x"),
        ("curl -H 'X-Api-Key: a b; c' u; rm x", "curl -H 'X-Api-Key: ***' u; rm x"),
        ("echo $'token=a\\x62c\\n'", "echo $'token=***\\x0a'"),
    ],
)
def test_only_literal_words_are_hidden_and_their_quotes_stay(line: str, text: str) -> None:
    assert shown(line) == text


@pytest.mark.finding("H1")
@pytest.mark.parametrize(
    "line",
    [
        "TOKEN=reboot; $TOKEN",
        "mysql -preboot; eval ${_#-p}",
        "echo token=reboot | cut -d= -f2 | sh",
        "echo token=reboot > x; sh x",
        "TOKEN=reboot sh x.sh",
        "mywrapper --token reboot",
        "python3 -c 'token=\"abc\"'",
        "psql -c \"alter role x password 'abc'\"",
        "make TOKEN=abc",
        "bash <<E\nexport TOKEN=abc\nE",
        "if",
        "ls\rrm",
        "echo x > 4111111111111111",
        "4111111111111111",
    ],
)
def test_what_cannot_be_shown_whole_says_why_and_what_to_do(line: str) -> None:
    why = show_command(line).unreviewable
    assert why.endswith(".")
    assert "obody can" in why


@pytest.mark.parametrize(
    "line",
    [
        "mysql -ps3cret -e 'select 1'",
        "curl -u bob:s3cret -H 'Authorization: Bearer abc' -o x http://h/",
        "echo s3cret | sudo -S systemctl restart nginx",
        "PGPASSWORD=abc pg_dump db",
        "systemctl restart nginx; rm -rf /srv/x",
        "python3 x.py; make; $x",
        "ls 4111 1111 1111 1111",
        "rm '\u202ecod.exe'",
    ],
)
def test_what_is_shown_whole_may_be_reviewed(line: str) -> None:
    assert show_command(line).unreviewable == ""


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("ls 4111 1111 1111 1111", "ls **** **** **** 1111"),
        ("ls 4111111111111111; rm x", "ls ************1111; rm x"),
        ("ls $'\\x34111111111111111'", "ls $'************1111'"),
        ("ls '4111'1111\"1111\"1111", "ls '************1111'"),
    ],
)
def test_card_numbers_go_wherever_they_stand(line: str, text: str) -> None:
    assert shown(line) == text


@pytest.mark.finding("M8")
@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("rm 'x\u202egnp.exe'", "rm 'x\\u202egnp.exe'"),
        ("rm x\u200b", "rm x\\u200b"),
        ("ls\x1b[8m; rm x", "ls\\x1b[8m; rm x"),
        ("ls\rrm", "ls\\rrm"),
        ("ls 'a\tb'", "ls 'a\\tb'"),
        ("if true\tthen\n\tls", "if true\\tthen\n\\tls"),
        ("ls\t-l;\n\trm x", "ls -l;\n rm x"),
        ("ls\nrm x", "ls\nrm x"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_its_code(line: str, text: str) -> None:
    assert shown(line) == text


@pytest.mark.finding("H2")
def test_a_long_line_is_kept_whole_and_put_to_nobody() -> None:
    tail = "; rm -rf /srv"
    longest = "echo " + "x" * (MAX_SHOWN_CHARS - len("echo ") - len(tail)) + tail
    assert show_command(longest).unreviewable == ""
    whole = show_command("echo x" + longest[5:])
    assert whole.text.endswith(tail)
    assert len(whole.text) == MAX_SHOWN_CHARS + 1
    assert "10,001" in whole.unreviewable
    assert show_command("echo " + "\U0001f600" * (MAX_SHOWN_CHARS // 2)).unreviewable
    assert shown("x" * 70_000 + tail).endswith(tail)


def test_a_line_that_cannot_be_read_keeps_all_but_plain_secrets() -> None:
    line = "if token=abc --password s3cret; tool --token $(rm x) --password 'a b' https://u:p@h 4111111111111111"
    assert shown(line) == (
        "if token=*** --password s3cret; tool --token $(rm x) --password 'a b' https://u:***@h ************1111"
    )
    assert shown("if --password s3cret x") == "if --password *** x"


def test_the_facts_of_a_line_have_its_labels_and_what_is_shown() -> None:
    (facts,) = facts_of("sudo mysql -ps3 -e 'select 1' | tee x")
    assert facts.text == "sudo mysql -p*** -e 'select 1' | tee x"
    assert facts.kind == "exec"
    assert {"exec", "command:sudo", "command:mysql", "command:tee", "redirect_write"} == facts.labels
    assert frozenset({"exec", "command:mysql"}) in facts.parts


@pytest.mark.finding("ssh-F15")
def test_what_is_no_text_of_a_shell_is_unreadable_and_shown() -> None:
    (facts,) = facts_of_unread("ls caf\\xe9; rm x")
    assert (facts.text, facts.labels) == ("ls caf\\xe9; rm x", {"exec", "unparseable"})
    assert facts.unreviewable


@pytest.mark.finding("H1")
@pytest.mark.parametrize(
    "line",
    [
        'TOKEN=sshd; systemctl stop "$TOKEN"',
        'export PASSWORD=sshd; systemctl stop "${PASSWORD}"',
        "TOKEN=sshd bash -c 'systemctl stop $TOKEN'",
        "sudo TOKEN=sshd sh -c 'systemctl stop $TOKEN'",
        "export PASSWORD=sshd; systemctl stop $(printenv PASSWORD)",
        "export PASSWORD=sshd; systemctl stop $(declare -p PASSWORD)",
        "TOKEN=sshd; set",
        "export TOKEN=sshd; systemctl stop $(tail -c 5 /proc/self/environ)",
        "export TOKEN=sshd; tail -c 5 /proc/self/environ | xargs systemctl stop",
        "export TOKEN=sshd; read -r x < /proc/self/environ; systemctl stop $x",
        "declare -x TOKEN=sshd; systemctl stop `cat /proc/self/environ`",
        "TOKEN+=sshd; systemctl stop $TOKEN",
        "TOKEN=sshd; f() { systemctl stop $TOKEN; }; f",
        "TOKEN=sshd; n=TOKEN; systemctl stop ${!n}",
        "TOKEN=5; kill $((TOKEN + 1))",
        "TOKEN=sshd; cat <<E\n$TOKEN\nE",
        "systemctl stop --token sshd",
        "systemctl stop token=sshd",
    ],
)
def test_what_a_command_acts_on_is_not_hidden_from_who_approves_it(line: str) -> None:
    found = show_command(line)
    assert "sshd" in found.text or found.unreviewable


@pytest.mark.parametrize(
    "line", ['PGPASSWORD=hunter2 psql -c "select 1"', "systemctl stop x --password=hunter2", "export TOKEN=hunter2; ls"]
)
def test_a_secret_for_one_program_alone_is_hidden_and_can_be_approved(line: str) -> None:
    found = show_command(line)
    assert "hunter2" not in found.text
    assert not found.unreviewable
