"""What is known of a listener while the host is asked for it, and what is left when the host refuses."""

from types import SimpleNamespace
from typing import Any

import pytest

from access.policy.values.forward import Destination
from proxy.ssh.forwarding.expected import expected


@pytest.mark.parametrize(
    ("wanted", "key"),
    [
        (Destination.at("LocalHost", 8080), ("localhost", 8080)),
        (Destination.socket("/run/app.sock", listens=True), "/run/app.sock"),
    ],
)
def test_it_is_there_while_the_host_is_asked(wanted: Destination, key: object) -> None:
    upstream: Any = SimpleNamespace(_remote_listeners={})
    with expected(upstream, wanted, lambda *_: None):
        assert set(upstream._remote_listeners) == {key}
    assert not upstream._remote_listeners


def test_the_listener_of_the_host_s_own_word_stays() -> None:
    upstream: Any = SimpleNamespace(_remote_listeners={})
    with expected(upstream, Destination.at("localhost", 8080), lambda *_: None):
        upstream._remote_listeners["localhost", 8080] = "its own"
    assert upstream._remote_listeners == {("localhost", 8080): "its own"}


def test_a_second_that_is_refused_leaves_the_first() -> None:
    upstream: Any = SimpleNamespace(_remote_listeners={("localhost", 8080): "the first"})

    def ask() -> None:
        with expected(upstream, Destination.at("localhost", 8080), lambda *_: None):
            raise OSError("refused")

    with pytest.raises(OSError, match="refused"):
        ask()
    assert upstream._remote_listeners == {("localhost", 8080): "the first"}
