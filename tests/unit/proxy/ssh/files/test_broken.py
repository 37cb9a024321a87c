"""Who broke what, in a sentence."""

from proxy.ssh.files.broken import BrokenProtocol


def test_it_is_the_sentence() -> None:
    assert str(BrokenProtocol("The client sent nothing.")) == "The client sent nothing."
