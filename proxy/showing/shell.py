"""What a person is shown of a command line, and the facts of it that rules are asked about. Pure.

Nothing that runs is ever hidden: only literal words are, and the text is read again to prove that what runs is the
same. A line of which that cannot be proven, or that hides something beside code that nobody can read, is unreviewable.
"""

from access.policy.labels import ShellLabel
from access.visible import MAX_SHOWN_CHARS, shown_length, visible
from proxy.shell.analysis import Judgement, judge
from proxy.shell.readings import joined
from proxy.showing.bash.changes import applied
from proxy.showing.bash.hiding import Hiding, hide
from proxy.showing.bash.patterns import secrets_in_unread, without_numbers
from proxy.showing.bash.skeleton import Unreadable, skeleton
from proxy.showing.shown import Shown
from proxy.statements import StatementFacts

_UNREADABLE = (
    "Gatepass cannot read all of this command line, so nobody can be shown what it runs. Write it as plain bash."
)
_NUMBER = (
    "This command line holds something that must not be shown where it says what runs, so it cannot be shown whole and"
    " nobody can approve it. Name the program or the file otherwise."
)
_BESIDE_CODE = (
    "This command line holds a secret beside something that only the running shell, program or script knows, so it"
    " cannot be shown whole and nobody can approve it. Pass the secret by a file or by standard input."
)
_WRITTEN = (
    "This command line writes a secret to a file or a program that may run it, so it cannot be shown whole and nobody"
    " can approve it. Pass the secret by standard input, or write the file without it."
)
_IN_SQL = (
    "This command line holds a secret inside SQL, so it cannot be shown whole and nobody can approve it. Pass it by a"
    " variable of the database's client, or run the SQL through Gatepass itself."
)
_EXPANDED = (
    "This command line holds a secret in a variable that it expands or prints itself, so it cannot be shown whole and"
    " nobody can approve it. Pass the secret by a file or by standard input."
)
_OPERAND = (
    "This command line holds a word behind something named like a secret, and whether its program acts on that word is"
    " not known, so nobody can approve it. Write option and value as one word: --token=VALUE."
)


def facts_of(line: str) -> list[StatementFacts]:
    """The facts of one exec request: one statement, whose parts are the commands and findings in it."""
    found = judge(line)
    shown = _shown(line, found)
    return [StatementFacts(shown.text, ShellLabel.EXEC.value, found.labels, found.parts, shown.unreviewable)]


def facts_of_unread(line: str) -> list[StatementFacts]:
    """The facts of a line that is no text of any shell: it cannot be read, and what is shown of it is all of it."""
    labels = frozenset({ShellLabel.EXEC.value, ShellLabel.UNPARSEABLE.value})
    return [StatementFacts(visible(_unread(line)), ShellLabel.EXEC.value, labels, unreviewable=_UNREADABLE)]


def show_command(line: str) -> Shown:
    """What is shown of a command line, and why that is not all of what it runs, if it is not."""
    return _shown(line, judge(line))


def _shown(line: str, found: Judgement) -> Shown:
    text, unreviewable = _read(line, found)
    text = visible(text)
    if not unreviewable and (length := shown_length(text)) > MAX_SHOWN_CHARS:
        unreviewable = (
            f"This command line has {length:,} characters, and a reviewer can be shown {MAX_SHOWN_CHARS:,}, so nobody"
            " can approve it. Run it in parts."
        )
    return Shown(text, unreviewable)


def _read(line: str, found: Judgement) -> tuple[str, str]:
    if ShellLabel.UNPARSEABLE in found.labels:
        return _unread(line), _UNREADABLE
    line = joined(line)
    hiding = hide(line, evaluates=found.evaluates)
    text = without_numbers(applied(line, hiding.changes))
    if text != line and not _is_same(line, text):
        return _unread(line), _NUMBER
    return text, _why_not(hiding, found)


def _is_same(line: str, text: str) -> bool:
    try:
        return skeleton(line) == skeleton(text)
    except Unreadable:
        return False


def _unread(line: str) -> str:
    return without_numbers(applied(line, secrets_in_unread(line)))


def _why_not(hiding: Hiding, found: Judgement) -> str:
    if hiding.hides and (ShellLabel.DYNAMIC_COMMAND in found.labels or found.runs_file):
        return _BESIDE_CODE
    if hiding.hides_text and ShellLabel.REDIRECT_WRITE in found.labels:
        return _WRITTEN
    if hiding.hides_expanded:
        return _EXPANDED
    if hiding.hides_operand:
        return _OPERAND
    return _IN_SQL if hiding.hides_sql else ""
