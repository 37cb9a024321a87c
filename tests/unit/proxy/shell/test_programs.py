"""Programs with a language of their own: what they may run, and what they write."""

from collections.abc import Callable

import pytest

from storage.model import VerdictKind

Labels = Callable[[str], set[str]]
Verdict = Callable[[str], VerdictKind]


@pytest.mark.parametrize(
    "command",
    [
        "awk 'BEGIN{system(\"rm x\")}'",
        "sed 's/a/rm x/e' f",
        "sed -n '1e rm x' f",
        "sed 'w /etc/x' f",
        "ssh -oProxyCommand='rm x' h ls",
        "git -c alias.x='!rm' x",
        "tar cf x --checkpoint-action=exec=rm y",
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
        "git fetch $x",
        "rsync -e rm --server . x",
        "rsync --server --rsh=rm . x",
        "python3 /./dev/stdin <<< 'import os'",
        "cd /dev && perl stdin <<< 'system q(rm)'",
        "ssh host",
        "complete -C rm ls",
    ],
)
def test_what_a_program_is_told_to_run_is_never_carried_by_an_allowed_command(
    labels: Labels, allowing_names: Verdict, command: str
) -> None:
    found = labels(command)
    assert found & {"dynamic_command", "unparseable"} or "command:rm" in found, found
    assert allowing_names(command) is VerdictKind.DENY


@pytest.mark.parametrize(
    "command",
    [
        "rsync --server -vlogDtpre.iLsfxCIvu . /srv/app/",
        "rsync --server --sender -e.LsfxC . /srv/app/",
        "git-upload-pack '/srv/x.git'",
        "git-receive-pack '/srv/x.git'",
    ],
)
def test_the_hosts_end_of_a_copy_runs_nothing_of_the_clients(labels: Labels, command: str) -> None:
    assert not labels(command) & {"dynamic_command", "unparseable"}


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
def test_programs_that_write_files_are_labelled(labels: Labels, command: str) -> None:
    assert "redirect_write" in labels(command)
