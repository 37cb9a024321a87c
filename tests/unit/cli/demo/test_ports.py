"""A port is given once: no other call gets it, in this process or another, while this one lives."""

import socket
import subprocess
import sys

from cli.demo.ports import free_port

_ASK = "import sys; from cli.demo.ports import free_port; print(free_port(int(sys.argv[1])))"


def test_a_port_that_was_given_is_given_to_nobody_else() -> None:
    given = free_port()
    assert free_port(given) != given
    other = subprocess.run([sys.executable, "-c", _ASK, str(given)], capture_output=True, text=True, check=True)
    assert int(other.stdout) != given


def test_a_port_is_free_again_once_the_process_that_had_it_is_gone() -> None:
    asked = [sys.executable, "-c", _ASK, "0"]
    given = int(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
    assert free_port(given) == given


def test_a_port_is_given_that_can_be_listened_on_and_not_one_that_is() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as listening:
        taken = int(listening.getsockname()[1])
        other = subprocess.run([sys.executable, "-c", _ASK, str(taken)], capture_output=True, text=True, check=True)
        assert int(other.stdout) != taken
