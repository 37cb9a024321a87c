"""A guess at the key exchange is right where both sides put the same first, and nowhere else."""

import struct

import pytest

from proxy.ssh.guesses import guessed_wrong


def kexinit(key_exchange: str, host_key: str, *, follows: bool) -> bytes:
    lists = [key_exchange, host_key, *["x"] * 8]
    packed = b"".join(struct.pack(">I", len(each)) + each.encode() for each in lists)
    return bytes(16) + packed + bytes([follows]) + bytes(4)


@pytest.mark.finding("ssh-F9")
@pytest.mark.parametrize(
    ("key_exchange", "host_key", "follows", "wrong"),
    [
        ("curve25519-sha256,other", "ssh-ed25519,other", True, False),
        ("curve25519-sha256,other", "ssh-ed25519,other", False, False),
        ("other,curve25519-sha256", "ssh-ed25519", True, True),
        ("other,curve25519-sha256", "ssh-ed25519", False, False),
        ("curve25519-sha256", "ecdsa-sha2-nistp256,ssh-ed25519", True, True),
    ],
)
def test_a_guess(key_exchange: str, host_key: str, follows: bool, wrong: bool) -> None:
    packet = kexinit(key_exchange, host_key, follows=follows)
    assert guessed_wrong(packet, "curve25519-sha256", "ssh-ed25519") is wrong


@pytest.mark.parametrize("cut", [0, 10, 16, 20, 60])
def test_what_is_cut_short_guesses_nothing(cut: int) -> None:
    assert not guessed_wrong(kexinit("other", "other", follows=True)[:cut], "a", "b")


def test_names_that_are_no_text_guess_nothing() -> None:
    assert not guessed_wrong(bytes(16) + b"\0\0\0\1\xff" + bytes(40), "a", "b")
