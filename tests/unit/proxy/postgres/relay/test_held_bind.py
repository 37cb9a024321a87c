"""What may come behind a Bind that waits: its Execute, and one Describe of it."""

import pytest

from proxy.postgres.protocol import messages
from proxy.postgres.relay.held_bind import HeldBind

WHOLE = messages.bind("p", "s")


def held(described: bytes = b"") -> HeldBind:
    return HeldBind(messages.read_bind(WHOLE[5:]), WHOLE, described)


@pytest.mark.parametrize(
    ("message", "described", "is_about"),
    [
        (messages.execute("p"), b"", True),
        (messages.execute("p"), b"D", True),
        (messages.execute("q"), b"", False),
        (messages.describe_portal("p"), b"", True),
        (messages.describe_portal("p"), b"D", False),
        (messages.describe_portal("q"), b"", False),
        (messages.describe_statement("p"), b"", False),
        (messages.SYNC, b"", False),
    ],
)
def test_what_a_held_bind_waits_for(message: bytes, described: bytes, is_about: bool) -> None:
    assert held(described).is_about(message[0], message[5:]) is is_about


def test_what_reviewers_are_shown_is_without_the_head() -> None:
    assert held().payload == WHOLE[5:]
