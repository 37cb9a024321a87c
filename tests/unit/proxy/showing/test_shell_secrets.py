"""What people type into command lines and nobody is shown."""

import pytest

from proxy.showing.shell import facts_of


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
        ("env -u X PGPASSWORD='s3 cret' psql -l", "env -u X PGPASSWORD=*** psql -l"),
        ("sudo -u bob TOKEN=s3cret ls", "sudo -u bob TOKEN=*** ls"),
        ("nice env A=1 TOKEN=s3cret ls", "nice env A=1 TOKEN=*** ls"),
        ("usermod -p s3cret bob", "usermod -p *** bob"),
        ("ls 41111111111\\\n11111", "ls ************1111"),
        ("tool --token s3\\\n4", "tool --token ***"),
    ],
)
def test_secrets_are_hidden(command: str, shown: str) -> None:
    (facts,) = facts_of(command)
    assert facts.text == shown
