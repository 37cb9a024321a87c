"""What kind of channel a command makes."""

import pytest

from proxy.shell.analysis import judge
from proxy.ssh.channels.kind import Kind, kind_of


@pytest.mark.finding("ssh-F3")
@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("ls -l", Kind.TEXT),
        ("git status", Kind.TEXT),
        ("scp -f x", Kind.SCP_SENDS),
        ("scp -v -r -p -t -- 'a b'", Kind.SCP_TAKES),
        ("/usr/bin/scp -f *.txt", Kind.SCP_SENDS),
        ("scp -f x; ls", Kind.STREAM),
        ("scp -ft x", Kind.STREAM),
        ("sudo scp -f x", Kind.STREAM),
        ("scp -f x 2>/dev/null", Kind.STREAM),
        ("/usr/lib/openssh/sftp-server -R", Kind.SFTP),
        ("cd /x && /usr/lib/openssh/sftp-server", Kind.STREAM),
        ("rsync --server .", Kind.STREAM),
        ("sh -c 'tar c x'", Kind.STREAM),
    ],
)
def test_the_kind_is_the_command_s(line: str, kind: Kind) -> None:
    labels = judge(line).labels
    assert kind_of(line, labels, terminal=False) is kind
    assert kind_of(line, labels, terminal=True) is Kind.TERMINAL
    assert kind.is_transfer is (kind is not Kind.TEXT)
