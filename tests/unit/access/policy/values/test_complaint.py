"""A complaint is our own sentence, whatever braces stand in it."""

from access.policy.values.complaint import complaint


def test_the_sentence_is_kept_as_it_is() -> None:
    assert complaint("is {not} a name").message() == "is {not} a name"
