"""Which command lines send a stream that is not for people to read, and must not be changed."""

import pytest

from access.policy.labels import ShellLabel
from proxy.shell.analysis import judge

TRANSFERS = [
    "scp -f /etc/motd",
    "scp -r -p -t .",
    "sudo scp -t -- /srv",
    "rsync --server --sender -vlogDtpre.iLsfxCIvu . /srv",
    "git-upload-pack '/srv/repo.git'",
    "git-receive-pack 'x'",
    "git upload-archive x",
    "git -C /srv/x archive HEAD",
    "git archive --format=tar HEAD | gzip",
    "git bundle create - --all",
    "tar c /srv",
    "tar -cz -C /srv .",
    "tar cf - x",
    "tar xf -",
    "tar czf - x | cat",
    "tar -x -C /srv",
    "tar xOf x.tgz member",
    "tar --create --file=- x",
    "tar --file - -c x",
    "cd /srv && tar c .",
    "find . | cpio -o",
    "cpio -idm",
    "borg serve --umask=077",
    "borg-1.2 serve; borg serve",
    "/usr/lib/openssh/sftp-server",
    "hg -R x serve --stdio",
    "unison -server",
    "zfs send tank/home@daily",
    "dd if=/dev/sda bs=1M",
    "dd of=/dev/sdb",
    "docker save app",
    "sh -c 'tar c x'",
    'tar c "$(date)"',
    'scp "$x"',
]
OTHERS = [
    "ls -l",
    "git status",
    "git log -p",
    "git archive -o x.tar HEAD",
    "git bundle verify x",
    "git",
    "tar xf release.tgz",
    "tar tvf release.tgz",
    "tar -czf x.tgz dir",
    "tar -f x.tgz -t",
    "tar --create --file=x.tar dir",
    "tar",
    "cpio -o -F x",
    "scp x other:y",
    "rsync -a x y",
    "borg list",
    "docker ps",
    "dd if=a of=b",
    "cat x",
    "zfs list",
    "echo scp -f x",
]


@pytest.mark.finding("ssh-F3")
@pytest.mark.parametrize("line", TRANSFERS)
def test_what_moves_bytes_is_a_transfer(line: str) -> None:
    assert ShellLabel.TRANSFER in judge(line).labels


@pytest.mark.finding("ssh-F3")
@pytest.mark.parametrize("line", OTHERS)
def test_what_works_on_the_host_or_prints_text_is_none(line: str) -> None:
    assert ShellLabel.TRANSFER not in judge(line).labels


def test_a_rule_that_allows_the_program_by_its_name_meets_the_transfer_too() -> None:
    parts = judge("tar c x").parts
    assert all("command:tar" in part for part in parts if ShellLabel.TRANSFER in part)
