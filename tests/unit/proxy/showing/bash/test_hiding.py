"""What is hidden of a script, and what is known about it."""

import pytest

from proxy.showing.bash.changes import applied
from proxy.showing.bash.hiding import hide


def shown(script: str, *, evaluates: bool = False) -> str:
    return applied(script, hide(script, evaluates=evaluates).changes)


def test_a_value_with_blanks_stays_where_the_shell_may_read_it_again() -> None:
    assert shown("tool --password 'a b'") == "tool --password ***"
    assert shown("tool --password 'a b'", evaluates=True) == "tool --password 'a b'"
    assert shown("tool --password ab", evaluates=True) == "tool --password ***"
    assert shown("mysql -p'a b'", evaluates=True) == "mysql -p***"


def test_what_is_printed_may_be_run() -> None:
    assert shown("echo 'token=ab; rm'") == "echo 'token=***; rm'"
    assert shown("echo \"token='a b'\"") == "echo \"token='a b'\""


@pytest.mark.parametrize(
    ("script", "hides", "text", "unproven"),
    [
        ("ls x", False, False, False),
        ("ls 4111111111111111", False, False, False),
        ("mysql -pabc", True, False, False),
        ("mysql -e \"set password 'abc'\"", True, True, True),
        ("echo token=abc", True, True, False),
        ("cat <<E\ntoken=abc\nE", True, True, False),
        ("curl -H 'Authorization: abc' u", True, False, False),
        ("echo abc | kinit", True, False, False),
        ('PGPASSWORD="$X" pg_dump', False, False, False),
        ("bash -c 'mysql -pabc'", True, False, False),
        ("ls # token=abc", True, False, False),
        ("tool --token=abc", True, True, True),
        ("PGPASSWORD=abc pg_dump", True, False, False),
        ("PGPASSWORD=abc", True, True, True),
    ],
)
def test_what_is_known_of_what_is_hidden(script: str, hides: bool, text: bool, unproven: bool) -> None:
    found = hide(script, evaluates=False)
    assert (found.hides, found.hides_text, found.unproven) == (hides, text, unproven)


def test_a_script_that_cannot_be_read_or_lies_too_deep_is_left_alone() -> None:
    assert shown("if --token abc") == "if --token abc"
    assert applied("bash -c 'mysql -pabc'", hide("bash -c 'mysql -pabc'", evaluates=False, depth=0).changes) == (
        "bash -c 'mysql -pabc'"
    )


def test_changes_stand_at_characters_whatever_bytes_they_take() -> None:
    assert shown("ls é 'ü€'; tool --token 'ä'; bash -c 'é; mysql -pß'") == (
        "ls é 'ü€'; tool --token ***; bash -c 'é; mysql -p***'"
    )
