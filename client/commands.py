"""The engineer's commands: their names, what they take, and what they are for. Pure.

Help, completion and reading are made of this table; what each does is loaded when it is asked for.
"""

from typing import Final

from client.options import Command, Option

SERVER: Final = Option("--server", "The Gatepass to ask; $GATEPASS_SERVER, or the one signed in to last.", "URL")
ROLE: Final = Option("--role", "The role; the one that costs reviewers least unless given.", "ROLE")
REASON: Final = Option("--reason", "Why; asked for at a terminal where reviewers read it.", "TEXT")
FOR: Final = Option("--for", "For how long: 30m, 2h, 1h30m. An hour unless given, or what the rule allows.", "TIME")
TICKET: Final = Option("--ticket", "The ticket that it is for.", "ID")
NO_BROWSER: Final = Option("--no-browser", "Where it takes a touch of your key, print the link and open nothing.")
_ASKING: Final = (SERVER, ROLE, REASON, FOR, TICKET)

COMMANDS: Final = (
    Command(
        "login",
        "Sign this command line in, by a browser.",
        "[URL]",
        (
            SERVER,
            Option("--no-browser", "Show a code to type into a browser elsewhere."),
            Option("--ca-file", "Trust the certificate authority in this file for the server.", "FILE"),
            Option("--ca-fingerprint", "Trust the server's own authority if it has this fingerprint.", "SHA256:…"),
            Option("--no-keyring", "Keep the sign-in in a file for your account alone."),
        ),
        (0, 1),
    ),
    Command("logout", "End this sign-in, and forget it.", "", (SERVER,)),
    Command("status", "Show what is open, what waits, and what you may ask for.", "", (SERVER,)),
    Command(
        "request",
        "Ask for access, and wait for the answer.",
        "RESOURCE [ROLE]",
        (*_ASKING, Option("--no-wait", "Do not wait for reviewers.")),
        (1, 2),
    ),
    Command(
        "extend",
        "Ask for more time, beside what you have.",
        "RESOURCE",
        (*_ASKING, Option("--no-wait", "Do not wait for reviewers.")),
        (1, 1),
    ),
    Command(
        "done",
        "End your access, and take back what waits.",
        "[RESOURCE]",
        (SERVER, ROLE, Option("--all", "All of it.")),
        (0, 1),
    ),
    Command("psql", "Connect with psql.", "RESOURCE [ARGUMENT…]", (*_ASKING, NO_BROWSER), (1, 1), passes_on=True),
    Command("ssh", "Connect with ssh.", "RESOURCE [ARGUMENT…]", (*_ASKING, NO_BROWSER), (1, 1), passes_on=True),
    Command("sftp", "Connect with sftp.", "RESOURCE[:PATH] [OPTION…]", (*_ASKING, NO_BROWSER), (1, 1), passes_on=True),
    Command("scp", "Copy with scp.", "[OPTION…] SOURCE… RESOURCE:PATH", (*_ASKING, NO_BROWSER), (0, 0), passes_on=True),
    Command(
        "rsync", "Copy with rsync.", "[OPTION…] SOURCE… RESOURCE:PATH", (*_ASKING, NO_BROWSER), (0, 0), passes_on=True
    ),
    Command(
        "exec",
        "Run any program of PostgreSQL's, with PG* set for it.",
        "RESOURCE -- PROGRAM [ARGUMENT…]",
        (*_ASKING, NO_BROWSER),
        (1, 1),
        passes_on=True,
    ),
    Command(
        "proxy",
        "Open a port on this machine for programs that cannot be started: DBeaver, DataGrip.",
        "RESOURCE",
        (*_ASKING, NO_BROWSER, Option("--port", "The port; a free one unless given.", "PORT")),
        (1, 1),
    ),
    Command(
        "config",
        "Have plain ssh and psql use Gatepass.",
        "ssh|psql [RESOURCE]",
        (*_ASKING, Option("--remove", "Take it out again."), Option("--print", "Print it, and change nothing.")),
        (1, 2),
    ),
    Command(
        "keys",
        "SSH keys of your own that let you in: list, add, remove.",
        "list|add|remove [FILE|NAME]",
        (SERVER, Option("--name", "What you call the key; its file's name unless given.", "NAME")),
        (1, 2),
    ),
    Command("completion", "Print what completes these commands in your shell.", "bash|zsh|fish", (), (1, 1)),
    Command("ssh-ready", "For the block of `gatepass config ssh`.", "HOST", _ASKING, (1, 1), hidden=True),
    Command("resources", "For completion.", "", (SERVER,), hidden=True),
)
BY_NAME: Final = {each.name: each for each in COMMANDS}


def help_of(command: Command) -> str:
    """What `gatepass COMMAND --help` prints."""
    takes = f" {command.takes}" if command.takes else ""
    lines = [f"Usage: gatepass {command.name} [OPTION…]{takes}", "", command.about]
    if command.options:
        names = [f"{each.name} {each.value}" if each.value else each.name for each in command.options]
        width = max(len(each) for each in names)
        lines += ["", *(f"  {name:<{width}}  {each.about}" for name, each in zip(names, command.options, strict=True))]
    return "\n".join(lines)


def summary() -> str:
    """The engineer's part of `gatepass --help`."""
    shown = [each for each in COMMANDS if not each.hidden]
    width = max(len(each.name) for each in shown)
    return "\n".join(f"  {each.name:<{width}}  {each.about}" for each in shown)
