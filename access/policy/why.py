"""Why a rule holds a statement, in words for whoever reviews it: what the labels that it matched mean. Pure.

"deletes every row of customers: no WHERE" tells more than `delete_without_where`. It says what the analysis found and
no more; a name that could hold somebody's data is not repeated.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from access.policy.labels import KubernetesLabel, ShellLabel, SqlLabel, meets, patterns_of
from access.policy.shapes.statement_rules import StatementRule
from access.visible import visible_line

#: Names said before the rest of them becomes a number.
MAX_NAMES = 3
#: Reasons said; a rule for `*` matches every label there is.
MAX_REASONS = 4

#: `{}`: what the statement names, or "a table".
WORDS: Mapping[str, str] = {
    SqlLabel.SELECT: "reads rows of {}",
    SqlLabel.INSERT: "adds rows to {}",
    SqlLabel.UPDATE: "changes rows of {}",
    SqlLabel.DELETE: "deletes rows of {}",
    SqlLabel.MERGE: "adds, changes or deletes rows of {}",
    SqlLabel.COPY: "moves rows of {} in bulk",
    SqlLabel.CALL: "runs a procedure",
    SqlLabel.DO: "runs a block of code",
    SqlLabel.SET: "changes a setting of the session",
    SqlLabel.TRANSACTION: "begins or ends a transaction",
    SqlLabel.EXPLAIN: "shows a plan",
    SqlLabel.PREPARE: "names a statement for later",
    SqlLabel.EXECUTE: "runs a named statement",
    SqlLabel.DECLARE: "opens a cursor on {}",
    SqlLabel.FETCH: "reads or moves a cursor",
    SqlLabel.CLOSE_PORTAL: "closes a cursor",
    SqlLabel.NOTIFY: "sends or listens to notifications",
    SqlLabel.GRANT: "gives or takes rights",
    SqlLabel.DDL: "changes what exists in the database",
    SqlLabel.DROP: "removes {}",
    SqlLabel.TRUNCATE: "empties {}",
    SqlLabel.DELETE_WITHOUT_WHERE: "deletes every row of {}: no WHERE",
    SqlLabel.UPDATE_WITHOUT_WHERE: "changes every row of {}: no WHERE",
    SqlLabel.COPY_PROGRAM: "runs a program on the server",
    SqlLabel.COPY_SERVER_FILE: "reads or writes a file on the server",
    SqlLabel.LOCK: "locks {}",
    SqlLabel.VACUUM: "cleans up or analyses {}",
    SqlLabel.CLUSTER: "rewrites {} in order",
    SqlLabel.REINDEX: "rebuilds indexes",
    SqlLabel.CHECKPOINT: "writes everything to disk",
    SqlLabel.DISCARD: "throws the session's state away",
    SqlLabel.DEALLOCATE: "forgets a named statement",
    SqlLabel.LOAD: "loads a library into the server",
    SqlLabel.SHOW: "shows a setting",
    SqlLabel.REPLICA_IDENTITY: "says how replicas know a row of {}",
    SqlLabel.RETURN: "is the body of a function",
    SqlLabel.UNPARSEABLE: "cannot be read for certain",
    KubernetesLabel.REQUEST: "is a request to the API server",
    KubernetesLabel.DRY_RUN: "changes nothing, but says what would become of it",
    KubernetesLabel.TUNNEL: "opens a connection into the cluster",
    ShellLabel.EXEC: "is a command line",
    ShellLabel.SHELL: "is an interactive shell",
    ShellLabel.SFTP: "moves files",
    ShellLabel.TRANSFER: "moves files or bytes in bulk",
    ShellLabel.FORWARD: "carries a connection to or from another address",
    ShellLabel.REDIRECT_WRITE: "writes a file",
    ShellLabel.ASSIGNMENT: "sets a variable",
    ShellLabel.ARITHMETIC: "computes",
    ShellLabel.DYNAMIC_COMMAND: "runs what only the running shell knows",
    # What a statement does, wherever in it that stands.
    SqlLabel.READ: "reads {}",
    SqlLabel.WRITE: "writes to {}",
    SqlLabel.PRIVILEGE: "gives or takes rights",
    SqlLabel.SESSION: "changes what the session's later statements mean",
    SqlLabel.FILE: "reads or writes a file on the server",
    SqlLabel.PROGRAM: "runs a program on the server",
    SqlLabel.CONNECT: "makes the server connect to another one",
    SqlLabel.SERVER: "acts on the server itself",
    SqlLabel.OPAQUE_FUNCTION: "calls a function whose doings cannot be seen",
}

#: The beginning of a label that names a thing, and what is said of the thing.
THINGS: Mapping[str, str] = {
    "table:": "names {}",
    "function:": "calls {}",
    "object:": "removes {}",
    "forward:": "carries a connection for {}",
    "command:": "runs {}",
    "reads:": "reads {}",
    "writes:": "writes to {}",
    "inserts:": "adds rows to {}",
    "updates:": "changes rows of {}",
    "deletes:": "deletes rows of {}",
    "set:": "sets {}",
    "verb:": "is a {}",
    "resource:": "is about {}",
    "subresource:": "uses {}",
    "namespace:": "acts in the namespace {}",
    "name:": "is about {}",
    "path:": "asks for {}",
}

#: What says more than a label does, where the statement has it too.
_SHARPER: Mapping[str, Sequence[str]] = {
    SqlLabel.DDL: (SqlLabel.DROP, SqlLabel.TRUNCATE),
    SqlLabel.DELETE: (SqlLabel.DELETE_WITHOUT_WHERE,),
    SqlLabel.UPDATE: (SqlLabel.UPDATE_WITHOUT_WHERE,),
    SqlLabel.COPY: (SqlLabel.COPY_PROGRAM, SqlLabel.COPY_SERVER_FILE),
}
#: Names of these kinds are what a statement is about, those that it writes before those that it mentions.
_SUBJECTS = ("writes:", "table:", "object:", "function:")
#: A number as long as an account's, an address: no name has need of it.
_DATA = re.compile(r"\d{9,}|@")


def why_held(rule: StatementRule, labels: Collection[str]) -> str:
    """What the labels that `rule` matched say, as a clause without its subject: "removes customers"."""
    patterns = [pattern for entry in rule.match for pattern in patterns_of(entry)]
    matched = {label for label in labels if any(meets(label, pattern) for pattern in patterns)}
    for general, sharper in _SHARPER.items():
        if general in matched and (found := [each for each in sharper if each in labels]):
            matched = matched - {general} | set(found)
    reasons = list(dict.fromkeys(_words(label, labels) for label in sorted(matched, key=_rank)))
    said = reasons[:MAX_REASONS]
    return "; ".join([*said, f"and {len(reasons) - len(said)} more"] if len(reasons) > len(said) else said)


def _rank(label: str) -> tuple[bool, str]:
    """What is done before what is only named."""
    return (":" in label, label)


def _words(label: str, labels: Collection[str]) -> str:
    prefix, colon, name = label.partition(":")
    if colon:
        return THINGS.get(prefix + colon, "has the label " + prefix + colon + "{}").format(_shown(name))
    words = WORDS.get(label)
    return f"has the label {visible_line(label)}" if words is None else words.format(_subjects(labels))


def _subjects(labels: Collection[str]) -> str:
    """The names that the statement is about."""
    for prefix in _SUBJECTS:
        names = sorted({label.removeprefix(prefix) for label in labels if label.startswith(prefix)})
        if names:
            return _listed(_without_qualified(names))
    return "a table"


def _without_qualified(names: Sequence[str]) -> list[str]:
    """`app.cards` stands beside `cards` for the same table: the longer one says more."""
    return [name for name in names if not any(other.endswith(f".{name}") for other in names)]


def _listed(names: Iterable[str]) -> str:
    shown = [_shown(name) for name in names]
    if len(shown) <= MAX_NAMES:
        return ", ".join(shown)
    return f"{', '.join(shown[:MAX_NAMES])} and {len(shown) - MAX_NAMES} more"


def _shown(name: str) -> str:
    return "(a name that is not shown)" if _DATA.search(name) else visible_line(name)
