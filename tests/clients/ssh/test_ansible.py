"""Ansible over ssh: every way in which it carries files and modules ends with the same data."""

import json
from collections.abc import Callable

import pytest

from support.clients.missing import needs
from support.clients.ways import Hosts, run
from support.ssh import Client

GetHost = Callable[[str], Hosts]

PLAYBOOK = """
- hosts: all
  gather_facts: true
  tasks:
    - ping:
    - command: echo out
      register: said
    - shell: "exit 3"
      register: failed
      failed_when: failed.rc != 3
    - copy: {src: large, dest: "{{ there }}/large"}
    - template: {src: greeting.j2, dest: "{{ there }}/greeting"}
    - file: {path: "{{ there }}/folder", state: directory, mode: "0750"}
    - stat: {path: "{{ there }}/large"}
      register: found
    - fetch: {src: "{{ there }}/large", dest: "{{ here }}/fetched", flat: true}
    - copy:
        content: "{{ [said.stdout, failed.rc, found.stat.size, ansible_facts.system] | to_json }}"
        dest: "{{ there }}/seen"
"""


#: A connection for each command: a master that stays holds Ansible's own output.
_MASTER = "-o ControlMaster=no"
#: Without `ansible_password` Ansible forbids ssh to ask for anything; of an option ssh takes what is said first. (sftp
#: forbids it too where it is given a batch, whatever is said behind that.)
_ASKING = f"{_MASTER} -o KbdInteractiveAuthentication=yes -o PreferredAuthentications=publickey,keyboard-interactive"


@needs("Ansible", "ansible-playbook")
@pytest.mark.parametrize(
    ("transfer", "pipelining"), [("smart", "True"), ("scp", "False"), ("sftp", "False"), ("piped", "True")]
)
def test_ansible(host: GetHost, transfer: str, pipelining: str) -> None:
    settings = {"ANSIBLE_PIPELINING": pipelining, "ANSIBLE_SSH_TRANSFER_METHOD": transfer, "ANSIBLE_SSH_ARGS": _ASKING}
    settings["ANSIBLE_SFTP_BATCH_MODE"] = "False"
    host("deploy").same(lambda way: _played(way, settings))


@needs("Ansible with sshpass", "ansible-playbook")
@needs("Ansible with sshpass", "sshpass")
def test_ansible_with_sshpass(host: GetHost) -> None:
    ways = host("deploy")
    direct = _played(ways.direct, {"ANSIBLE_SSH_ARGS": _MASTER})
    variables = {"ansible_password": ways.through.token}
    settings = {"ANSIBLE_SSH_ARGS": _MASTER, "ANSIBLE_HOST_KEY_CHECKING": "False", "SSH_ASKPASS_REQUIRE": "never"}
    assert _played(ways.through, settings, variables) == direct


def _played(way: Client, settings: dict[str, str], more: dict[str, str] | None = None) -> list[object]:
    """What a play did; `ansible_remote_tmp` is a path without `~` (docs/ssh.md)."""
    play, there, here = way.folder / "play", way.folder / "there", way.folder / "here"
    for folder in (play, there, here):
        folder.mkdir()
    (play / "large").write_bytes(b"0123456789abcdef" * 60_000)
    (play / "greeting.j2").write_text("hello {{ 6 * 7 }}\n")
    (play / "play.yml").write_text(PLAYBOOK)
    variables = {
        "ansible_port": way.port,
        "ansible_user": way.door,
        "ansible_ssh_common_args": " ".join(way.flags),
        "ansible_remote_tmp": str(way.folder / "remote"),
        "ansible_python_interpreter": "/usr/bin/python3",
        "there": str(there),
        "here": str(here),
        **(more or {}),
    }
    (play / "hosts.json").write_text(json.dumps({"all": {"hosts": {"127.0.0.1": variables}}}))
    environment = {**way.environment, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCAL_TEMP": str(here / "tmp"), **settings}
    environment["ANSIBLE_SSH_CONTROL_PATH_DIR"] = str(way.folder / "c")
    done = run(["ansible-playbook", "-i", "hosts.json", "play.yml"], environment, cwd=play, patience_s=200)
    assert done.status == 0, done.out.decode()[-4000:] + done.err.decode()[-2000:]
    same = (here / "fetched").read_bytes() == (there / "large").read_bytes() == (play / "large").read_bytes()
    return [(there / "seen").read_text(), (there / "greeting").read_text(), same, (there / "folder").stat().st_mode]
