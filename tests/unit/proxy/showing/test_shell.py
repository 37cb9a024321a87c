"""What is shown of a command line."""

from proxy.showing.shell import show_command


def test_a_command_is_not_put_to_a_reviewer() -> None:
    assert show_command("rm -rf /").unreviewable
