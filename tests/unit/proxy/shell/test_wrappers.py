"""Programs that run another program: it is found behind their own options."""

from collections.abc import Callable

import pytest

from proxy.shell.wrappers import hands_on

Labels = Callable[[str], set[str]]


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
        ("bash script.sh -c rm", {"bash", "script.sh"}),
        ("bash --rcfile x rm", {"bash", "rm"}),
        ("bash -oO errexit extglob -c rm", {"bash", "rm"}),
        ("env >&- rm", {"env", "rm"}),
        ("find . -exec flock + rm ;", {"find", "flock", "rm"}),
        ("su - bob -c 'rm x'", {"su", "rm"}),
        ("flock -n /lock rm x; flock /lock -c 'mv y'", {"flock", "rm", "mv"}),
        ("busybox rm x", {"busybox", "rm"}),
        ("eval rm x; eval 'mv y'", {"eval", "rm", "mv"}),
        ("trap 'rm x' EXIT; trap - INT", {"trap", "rm"}),
        ("watch -n 1 'rm x'", {"watch", "rm"}),
        ("strace -f -o log rm x", {"strace", "rm"}),
        ("chroot /mnt rm x; taskset 3 dd", {"chroot", "rm", "taskset", "dd"}),
        (". ./file", {"source", "file"}),
        ("runuser -u bob -- rm -c ls; runuser bob -c 'mv y'", {"runuser", "rm", "mv"}),
        ("flock /lock rm -c ls", {"flock", "rm"}),
        ("sg wheel 'rm x'; sg wheel -c 'mv y'", {"sg", "rm", "mv"}),
        ("ls | parallel rm {}; parallel -j 2 mv ::: a b", {"ls", "parallel", "rm", "mv"}),
        ("gosu bob rm x; tini -- mv a b; choom -n 0 -- dd", {"gosu", "rm", "tini", "mv", "choom", "dd"}),
    ],
)
def test_wrappers_are_looked_through(names: Labels, command: str, expected: set[str]) -> None:
    assert names(command) == expected


@pytest.mark.parametrize(
    "command",
    [
        "find . -exec sh -c {} ;",
        "find . -exec nice {} +",
        "find . -exec sh -c 'ls {}' ;",
        "find . -exec cp {} $x ;",
        "xargs -I% sh -c 'ls %'",
        "xargs -IX nice X",
        "xargs -0i sh -c {}",
        "xargs --replace=_ env z_",
        "parallel sh -c ::: rm",
        "parallel ls '{= system(q(rm)) =}' ::: x",
        "parallel",
        "parallel ::: rm",
        "fish --command=rm x",
        "fish -C rm x",
        "su bob",
        "bash --unheard-of x",
        "sg wheel",
    ],
)
def test_what_a_wrapper_runs_unseen_is_said_to_be_unknown(labels: Labels, command: str) -> None:
    assert "dynamic_command" in labels(command)


def test_a_wrapper_is_known_as_one() -> None:
    assert all(hands_on(name) for name in ("bash", "su", "find", "alias", "sudo"))
    assert not hands_on("ls")
