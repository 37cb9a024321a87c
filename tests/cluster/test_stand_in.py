"""The cluster that the tests run on does what a cluster does: the stand-in for the kubelet, without Gatepass."""

import json
import secrets
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.children import PATIENCE_S
from support.cluster.cluster import Cluster
from support.cluster.forwarding import echoing, exchanged, forwarded
from support.cluster.pods import deployment, pod, settled
from support.cluster.programs import NEWEST, OLD, OLDER
from support.cluster.terminals import at_a_terminal

#: WebSocket in the first two; the third has SPDY only.
every_kubectl = pytest.mark.parametrize("version", [NEWEST, OLDER, OLD])
both = pytest.mark.parametrize("version", [NEWEST, OLDER])
MIB = 1 << 20


@every_kubectl
def test_an_exit_code_is_the_commands(cluster: Cluster, web: str, version: str) -> None:
    assert cluster.kubectl("exec", web, "-c", "main", "--", "sh", "-c", "exit 4", version=version).status == 4


@every_kubectl
def test_what_goes_to_stderr_comes_out_there(cluster: Cluster, web: str, version: str) -> None:
    ran = cluster.kubectl("exec", web, "-c", "main", "--", "sh", "-c", "echo out; echo err >&2", version=version)

    assert (ran.status, ran.out, ran.err) == (0, b"out\n", b"err\n")


@both
def test_a_command_sees_the_end_of_its_input(cluster: Cluster, web: str, version: str) -> None:
    """And its output is still read: sha1sum says nothing before."""
    ran = cluster.kubectl("exec", "-i", web, "-c", "main", "--", "wc", "-c", version=version, input=b"x" * MIB)

    assert (ran.status, ran.out.strip()) == (0, b"1048576")


@both
def test_a_command_that_is_killed_says_by_what(cluster: Cluster, web: str, version: str) -> None:
    ran = cluster.kubectl("exec", web, "-c", "main", "--", "sh", "-c", "kill -KILL $$", version=version)

    assert ran.status == 128 + signal.SIGKILL


def test_a_command_that_is_not_there_is_an_error(cluster: Cluster, web: str) -> None:
    ran = cluster.kubectl("exec", web, "-c", "main", "--", "nosuch")

    assert ran.status == 1
    assert b'exec: "nosuch": executable file not found in $PATH' in ran.err


def test_containers_have_files_and_processes_of_their_own(cluster: Cluster, web: str) -> None:
    cluster.done("exec", web, "-c", "main", "--", "sh", "-c", "touch /tmp/mine")

    beside = cluster.done("exec", web, "-c", "side", "--", "sh", "-c", "hostname; ls /tmp; ls -d /proc/[0-9]*")

    host, *rest = beside.split()
    assert host == web
    assert "mine" not in rest
    assert "/proc/1" in rest
    assert len(rest) < 6


@every_kubectl
def test_a_terminal_is_one_and_follows_its_clients_size(cluster: Cluster, web: str, version: str) -> None:
    with at_a_terminal(cluster, "exec", "-it", web, "-c", "main", "--", "sh", version=version, size=(30, 90)) as shell:
        shell.expect(b"# ")
        shell.sendline(b"tty; stty size")
        shell.expect(b"/dev/pts/\\d+\r\n30 90\r\n")
        shell.setwinsize(41, 123)
        shell.sendline(b"until test \"$(stty size)\" = '41 123'; do sleep 0.1; done; echo it is $((6 * 7))")
        shell.expect(b"it is 42\r\n")
        # In a shell of its own, so that Ctrl-C ends whatever of it runs by then.
        shell.sendline(b"sh -c 'echo be\"\"gun; sleep 600'")
        shell.expect(b"begun\r\n")  # before that, Ctrl-C would take the line back that is not read yet
        shell.sendintr()
        shell.expect(b"# ")
        shell.sendline(b"exit 5")
        shell.expect(b"exit code 5")


def test_a_command_ends_with_its_client(cluster: Cluster, web: str) -> None:
    mark = f"sleep 7{secrets.randbelow(10_000):04}"
    client = subprocess.Popen(
        cluster.command("exec", web, "-c", "side", "--", "sh", "-c", f"{mark}; true"),
        env=cluster.environment(),
        stderr=subprocess.DEVNULL,
    )
    try:
        _until(lambda: mark in cluster.done("exec", web, "-c", "side", "--", "ps"))
    finally:
        client.kill()
        client.wait()
    _until(lambda: mark not in cluster.done("exec", web, "-c", "side", "--", "ps"))


@every_kubectl
def test_a_file_is_copied_both_ways(cluster: Cluster, web: str, tmp_path: Path, version: str) -> None:
    sent, back = tmp_path / "sent", tmp_path / "back"
    sent.write_bytes(secrets.token_bytes(8 * MIB))

    there = cluster.kubectl("cp", str(sent), f"{web}:/tmp/{version}", "-c", "main", version=version)
    here = cluster.kubectl("cp", f"{web}:/tmp/{version}", str(back), "-c", "main", version=version)

    assert (there.status, here.status) == (0, 0), (there, here)
    assert back.read_bytes() == sent.read_bytes()


@both
def test_logs_are_what_the_main_process_says(cluster: Cluster, version: str) -> None:
    name = f"says-{version}"
    says = "for n in 1 2 3; do echo line $n; done; echo oops >&2; read x"
    cluster.apply(pod(cluster, name, {"name": "main", "command": ["sh", "-c", says], "stdin": True}))
    settled(cluster, name)

    def logs(*arguments: str) -> bytes:
        return cluster.kubectl("logs", name, *arguments, version=version).out

    _until(lambda: logs().count(b"\n") == 4)
    assert sorted(logs().splitlines()) == [b"line 1", b"line 2", b"line 3", b"oops"]
    assert logs("--tail=2").count(b"\n") == 2
    assert logs("--tail=0") == b""
    stamps = [line.split()[0] for line in logs("--timestamps").splitlines()]
    assert all(stamp.endswith(b"Z") for stamp in stamps)


@both
def test_logs_follow_until_the_end(cluster: Cluster, version: str) -> None:
    name = f"counts-{version}"
    counts = "for n in 1 2 3; do echo line $n; sleep 0.3; done"
    cluster.apply(pod(cluster, name, {"name": "main", "command": ["sh", "-c", counts]}, restartPolicy="Never"))
    _until(lambda: b"line" in cluster.kubectl("logs", name).out)

    assert cluster.kubectl("logs", "-f", name, version=version).out == b"line 1\nline 2\nline 3\n"


@both
def test_attach_is_to_the_main_process(cluster: Cluster, version: str) -> None:
    name = f"answers-{version}"
    answers = "while read line; do echo got $line; done"
    cluster.apply(
        pod(
            cluster,
            name,
            {"name": "main", "command": ["sh", "-c", answers], "stdin": True, "stdinOnce": True},
            restartPolicy="Never",
        )
    )
    settled(cluster, name)

    ran = cluster.kubectl("attach", "-i", name, version=version, input=b"one\ntwo\n")

    assert ran.status == 0, ran
    assert ran.out.endswith(b"got one\ngot two\n")
    assert cluster.done("logs", name) == "got one\ngot two\n"


@every_kubectl
def test_a_port_is_forwarded_both_ways(cluster: Cluster, web: str, version: str) -> None:
    sent = secrets.token_bytes(MIB)
    with echoing() as port, forwarded(cluster, f"pod/{web}", port, version=version) as near:
        assert exchanged(near, sent) == sent
        assert exchanged(near, b"again") == b"again"


def test_a_deployment_is_rolled_out(cluster: Cluster) -> None:
    cluster.apply(deployment(cluster, "twice", 2))

    assert "successfully rolled out" in cluster.done("rollout", "status", "deployment/twice", "--timeout=40s")
    names = cluster.done("get", "pods", "-l", "app=twice", "-o", "name").split()
    assert len(names) == 2

    cluster.done("delete", "deployment", "twice")
    _until(lambda: cluster.done("get", "pods", "-l", "app=twice", "-o", "name") == "")


def test_a_deleted_pod_ends_with_all_that_runs_in_it(cluster: Cluster) -> None:
    cluster.apply(pod(cluster, "brief"))
    settled(cluster, "brief")
    inside = subprocess.Popen(
        cluster.command("exec", "brief", "--", "sleep", "600"), env=cluster.environment(), stderr=subprocess.PIPE
    )
    _until(lambda: "sleep 600" in cluster.done("exec", "brief", "--", "ps"))

    cluster.done("delete", "pod", "brief", "--timeout=40s")

    _, said = inside.communicate(timeout=PATIENCE_S)
    assert inside.returncode == 128 + signal.SIGKILL, said
    assert cluster.kubectl("get", "pod", "brief").status == 1


@pytest.mark.parametrize(("code", "phase"), [(0, "Succeeded"), (3, "Failed")])
def test_a_pod_ends_by_itself(cluster: Cluster, code: int, phase: str) -> None:
    name = f"ends-{code}"
    cluster.apply(
        pod(cluster, name, {"name": "main", "command": ["sh", "-c", f"echo bye; exit {code}"]}, restartPolicy="Never")
    )

    cluster.done("wait", f"--for=jsonpath={{.status.phase}}={phase}", f"pod/{name}", "--timeout=40s")

    status = json.loads(cluster.done("get", "pod", name, "-o", "json"))["status"]
    assert status["containerStatuses"][0]["state"]["terminated"]["exitCode"] == code
    assert cluster.done("logs", name) == "bye\n"


def test_a_container_that_ends_is_started_again(cluster: Cluster) -> None:
    cluster.apply(pod(cluster, "restarts", {"name": "main", "command": ["sh", "-c", "echo up; sleep 0.5; exit 1"]}))

    again = "--for=jsonpath={.status.containerStatuses[0].restartCount}=1"
    cluster.done("wait", again, "pod/restarts", "--timeout=40s")

    assert cluster.done("logs", "--previous", "restarts") == "up\n"
    cluster.done("delete", "pod", "restarts")


@both
def test_a_container_is_added_to_debug(cluster: Cluster, version: str) -> None:
    name = f"sick-{version}"
    cluster.apply(pod(cluster, name))
    settled(cluster, name)

    added = cluster.kubectl(
        "debug", "-i", name, "--image=busybox", "-c", "doctor", "--", "sh", "-c", "read x; echo hello $x",
        version=version, input=b"patient\n",
    )  # fmt: skip

    assert added.status == 0, added
    assert b"hello patient" in added.out
    status = json.loads(cluster.done("get", "pod", name, "-o", "json"))["status"]
    assert status["ephemeralContainerStatuses"][0]["name"] == "doctor"
    assert status["phase"] == "Running"


def test_a_service_account_may_what_its_role_says(cluster: Cluster, web: str) -> None:
    cluster.done("create", "serviceaccount", "reader")
    cluster.done("create", "rolebinding", "reader", "--clusterrole=view", "--serviceaccount=default:reader")
    reader = cluster.kubeconfig("reader", cluster.token("default", "reader"))

    assert cluster.kubectl("get", "pod", web, kubeconfig=reader).status == 0
    refused = cluster.kubectl("exec", web, "-c", "main", "--", "true", kubeconfig=reader)

    assert refused.status == 1
    assert b"Forbidden" in refused.err or b"forbidden" in refused.err


def test_the_audit_log_says_who_did_what(cluster: Cluster, web: str) -> None:
    cluster.done("exec", web, "-c", "main", "--", "echo", mark := secrets.token_hex(8))

    asked = [each for each in cluster.audit_events() if mark in each["requestURI"]]
    assert {each["user"]["username"] for each in asked} == {"admin"}
    assert {each["objectRef"]["subresource"] for each in asked} == {"exec"}


def _until(happened: Callable[[], bool]) -> None:
    """Look until it has happened."""
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.1)
