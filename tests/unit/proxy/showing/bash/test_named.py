"""What is named for a secret."""

import pytest

from proxy.showing.bash.named import named_values


@pytest.mark.parametrize(
    ("words", "hidden"),
    [
        (["--password", "abc"], ["abc"]),
        (["--db-token", "abc"], ["abc"]),
        (["--api-key=abc"], ["abc"]),
        (["MY_PASSWORD=abc"], ["abc"]),
        (["--password", "-x"], []),
        (["--password-stdin", "host"], []),
        (["--token-file", "path"], []),
        (["--no-password", "db"], []),
        (["--verbose", "abc", "-p", "80"], []),
    ],
)
def test_an_option_that_is_named_for_a_secret_hides_its_value(words: list[str], hidden: list[str]) -> None:
    assert [words[at][change.start : change.end] for at, change in named_values(words)] == hidden


@pytest.mark.timeout(60)
@pytest.mark.parametrize("label", ["token", "_pwd", "api-key", "cvv"])
def test_a_long_name_takes_no_time(label: str) -> None:
    """Of a command line of the greatest length, tried behind each label, it would take minutes."""
    name = f"--{label * 20_000}"
    assert not list(named_values([f"{name}!", "abc"]))
    assert not list(named_values([f"{name}=", "-x"]))
    assert [at for at, _ in named_values([f"{name}-token=abc", f"{name}-token", "abc"])] == [0, 2]
