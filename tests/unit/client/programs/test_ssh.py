"""What ssh is told, and to which of its questions the token is an answer."""

import shlex
import subprocess
from pathlib import Path

from client.programs import ssh

CONNECT = {"host": "gate.example.com", "port": 2222, "user": "deploy@web-1"}
KEY = "gate.example.com_443"


def test_no_secret_is_in_the_options_and_the_host_is_verified() -> None:
    words = ssh.options(CONNECT, KEY, "/home/a b/%h/known_hosts", ssh.BY_TOKEN)
    said = dict(word.split("=", 1) for word in words if word != "-o")
    assert said["StrictHostKeyChecking"] == "yes"
    assert said["UserKnownHostsFile"] == '"/home/a b/%%h/known_hosts"'
    assert (said["HostName"], said["Port"], said["User"]) == ("gate.example.com", "2222", "deploy@web-1")
    read = subprocess.run(["ssh", "-F", "none", *words, "-G", "x"], capture_output=True, text=True, check=True).stdout
    assert "userknownhostsfile /home/a b/%h/known_hosts\n" in read
    assert f"hostkeyalias {ssh.alias(KEY)}\n" in read
    assert ssh.known_hosts(KEY, "ssh-ed25519 AAAA comment\n") == f"{ssh.alias(KEY)} ssh-ed25519 AAAA\n"


def test_a_certificate_is_the_only_thing_that_is_offered() -> None:
    words = ssh.options(CONNECT, KEY, "/kept", ssh.by_certificate("/home/a b/%h/key"))
    read = subprocess.run(["ssh", "-F", "none", *words, "-G", "x"], capture_output=True, text=True, check=True).stdout
    said = read.splitlines()
    assert [each for each in said if each.startswith("identityfile ")] == ["identityfile /home/a b/%%h/key"]
    assert "certificatefile /home/a b/%%h/key-cert.pub" in said
    for each in ("identitiesonly yes", "identityagent none", "passwordauthentication no", "batchmode no"):
        assert each in said
    assert "kbdinteractiveauthentication no" in said


def test_only_the_gateways_question_is_answered(tmp_path: Path) -> None:
    askpass = tmp_path / "askpass"
    askpass.write_text(ssh.ASKPASS)
    askpass.chmod(0o700)
    environment = ssh.environment({"PATH": "/usr/bin:/bin"}, CONNECT, KEY, str(askpass), "to'ken")
    assert environment["SSH_ASKPASS_REQUIRE"] == "force"

    def asked(question: str) -> str:
        done = subprocess.run([askpass, question], env=environment, capture_output=True, text=True, check=False)
        return done.stdout

    assert asked(f"deploy@web-1@{ssh.alias(KEY)}'s password: ") == "to'ken\n"
    for question in (
        "root@bastion's password: ",
        "Enter passphrase for key '/home/alice/.ssh/id_ed25519': ",
        "Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
        f"deploy@web-1@{ssh.alias(KEY)}'s password: x",
        "",
    ):
        assert asked(question) == ""


def test_a_long_user_is_asked_about_as_ssh_shows_it() -> None:
    long = {**CONNECT, "user": "a" * 40}
    assert ssh.environment({}, long, KEY, "/a", "t")["GATEPASS_QUESTION"].startswith("a" * 30 + "@")


def test_rsync_is_given_every_word() -> None:
    words = ["ssh", "-o", 'UserKnownHostsFile="/a b"', "it's"]
    assert ssh.remote_shell(words) == "'ssh' '-o' 'UserKnownHostsFile=\"/a b\"' 'it''s'"
    assert shlex.split(ssh.remote_shell(words[:3])) == words[:3]


def test_a_name_that_cannot_stand_before_a_colon_is_another() -> None:
    assert ssh.destination(CONNECT) == "gate.example.com"
    assert ssh.destination({**CONNECT, "host": "::1"}) == "gatepass"
