"""What is shown of a command line. Pure."""

from proxy.showing.shown import Shown


def show_command(line: str) -> Shown:
    """The command line with its secrets hidden, or why it cannot be shown."""
    return Shown("***" if line else "", "It runs a command line. Run the command by itself instead.")
