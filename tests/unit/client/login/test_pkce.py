"""What a sign-in proves itself by."""

from urllib.parse import parse_qs, urlsplit

from access.identity.command_lines.codes import challenge_of, is_verifier
from access.identity.command_lines.codes import device_name as is_device
from access.identity.command_lines.loopback import Wanted
from client.login.pkce import Attempt, device_name
from web.door.paths import is_ours


def test_the_server_takes_what_it_says() -> None:
    attempt = Attempt.begin()
    challenge = challenge_of(attempt.challenge)
    assert challenge is not None
    assert is_verifier(attempt.verifier, challenge)
    address = attempt.address("https://gate.example.com", "http://127.0.0.1:65535/", device_name("x" * 200))
    parts = urlsplit(address)
    words = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert Wanted.read(
        *(words[each] for each in ("code_challenge", "code_challenge_method", "redirect_uri", "state", "device"))
    )
    assert attempt.verifier not in address
    # It must survive a sign-in: what browsers are sent back to has a bounded length.
    assert is_ours(f"{parts.path}?{parts.query}")
    assert Attempt.begin() != attempt


def test_whatever_a_host_is_called_it_has_a_name() -> None:
    for host in ("laptop", "", "a b\nc", "é" * 100, "\x1b[31m"):
        assert is_device(device_name(host)) == device_name(host)
