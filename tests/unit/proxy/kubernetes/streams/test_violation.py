"""A violation says what was wrong."""

from proxy.kubernetes.streams.violation import StreamViolation


def test_it_says_what() -> None:
    assert str(StreamViolation("a message without a channel")) == "a message without a channel"
