"""Labels: what an analysis may find in a statement, and what a role's rules may match. Pure.

Each label is listed once, here, with a line below that says what a statement with it does; the analyses give members
of these enumerations, and docs/policy.md shows the lines. A rule that names a label which no analysis gives would never
match, and so silently allow: it is an error.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from fnmatch import fnmatchcase

from access.policy.suggest import did_you_mean
from access.policy.values import forward


class SqlLabel(StrEnum):
    """Labels of SQL statements; the words are PostgreSQL's commands."""

    SELECT = "select"
    """reads rows"""
    INSERT = "insert"
    """adds rows"""
    UPDATE = "update"
    """changes rows"""
    DELETE = "delete"
    """removes rows"""
    MERGE = "merge"
    """adds, changes or removes rows"""
    COPY = "copy"
    """moves rows in or out in bulk"""
    CALL = "call"
    """runs a procedure"""
    DO = "do"
    """runs a block of code"""
    SET = "set"
    """changes a setting of the session"""
    TRANSACTION = "transaction"
    """begins or ends a transaction"""
    EXPLAIN = "explain"
    """shows a plan; ANALYZE runs it"""
    PREPARE = "prepare"
    """names a statement for later"""
    EXECUTE = "execute"
    """runs a named statement"""
    DECLARE = "declare"
    """opens a cursor"""
    FETCH = "fetch"
    """reads or moves a cursor"""
    CLOSE_PORTAL = "closeportal"
    """closes a cursor"""
    NOTIFY = "notify"
    """sends or listens to notifications"""
    GRANT = "grant"
    """gives or takes rights"""
    DDL = "ddl"
    """changes what exists: tables, functions, roles …"""
    DROP = "drop"
    """removes something that exists"""
    TRUNCATE = "truncate"
    """empties a table"""
    DELETE_WITHOUT_WHERE = "delete_without_where"
    """removes every row"""
    UPDATE_WITHOUT_WHERE = "update_without_where"
    """changes every row"""
    COPY_PROGRAM = "copy_program"
    """runs a program on the server"""
    COPY_SERVER_FILE = "copy_server_file"
    """reads or writes a file on the server"""
    LOCK = "lock"
    """locks a table"""
    VACUUM = "vacuum"
    """cleans a table up, or analyses it"""
    CLUSTER = "cluster"
    """rewrites a table in order"""
    REINDEX = "reindex"
    """rebuilds indexes"""
    CHECKPOINT = "checkpoint"
    """writes everything to disk"""
    DISCARD = "discard"
    """throws the session's state away"""
    DEALLOCATE = "deallocate"
    """forgets a named statement"""
    LOAD = "load"
    """loads a library into the server"""
    SHOW = "variableshow"
    """shows a setting"""
    REPLICA_IDENTITY = "replicaidentity"
    """says how replicas know a row"""
    RETURN = "return"
    """the body of an SQL function"""
    READ = "read"
    """reads rows, wherever in the statement"""
    WRITE = "write"
    """adds, changes or removes rows, wherever in the statement"""
    PRIVILEGE = "privilege"
    """changes who may do what: rights, roles, owners, row security"""
    SESSION = "session"
    """changes what later statements of the session mean or meet"""
    FILE = "file"
    """reads, writes or lists files of the server"""
    PROGRAM = "program"
    """runs a program on the server, or brings code that may"""
    CONNECT = "connect"
    """makes the server connect to another one"""
    SERVER = "server"
    """acts on the server: other sessions, its settings, replication, statistics"""
    OPAQUE_FUNCTION = "opaque_function"
    """calls a function that is not PostgreSQL's own, or not known to be harmless"""
    UNPARSEABLE = "unparseable"
    """cannot be read for certain"""


#: What a statement does, beside the kind of statement that it is.
EFFECTS = frozenset(
    {
        SqlLabel.READ,
        SqlLabel.WRITE,
        SqlLabel.PRIVILEGE,
        SqlLabel.SESSION,
        SqlLabel.FILE,
        SqlLabel.PROGRAM,
        SqlLabel.CONNECT,
        SqlLabel.SERVER,
        SqlLabel.OPAQUE_FUNCTION,
    }
)


class ShellLabel(StrEnum):
    """Labels of command lines and of what else an SSH session may ask for."""

    EXEC = "exec"
    """is a command line"""
    SHELL = "shell"
    """is an interactive shell"""
    SFTP = "sftp"
    """moves files"""
    TRANSFER = "transfer"
    """moves files or bytes by a protocol of its own: sftp, scp, rsync, git, tar …"""
    FORWARD = "forward"
    """carries a connection to or from another address"""
    REDIRECT_WRITE = "redirect_write"
    """writes a file by `>` or by an option"""
    ASSIGNMENT = "assignment"
    """sets a variable"""
    ARITHMETIC = "arithmetic"
    """computes"""
    DYNAMIC_COMMAND = "dynamic_command"
    """runs what only the running shell or program knows"""
    UNPARSEABLE = "unparseable"
    """cannot be read for certain"""


class KubernetesLabel(StrEnum):
    """Labels of requests to an API server, beside those that name what they are about."""

    REQUEST = "request"
    """is a request to an API server"""
    DRY_RUN = "dry_run"
    """changes nothing: the server says what would become of it"""
    TUNNEL = "tunnel"
    """opens a connection into the cluster: exec, attach, portforward or proxy"""


#: What labels that name a thing begin with, and what they say.
PREFIXES = {
    "table:": "names this table, as `table:cards` or `table:app.cards`; `table:app.*` is the schema, too, and "
    "`table:*` the database",
    "reads:": "reads rows of this table",
    "writes:": "adds, changes or removes rows of this table",
    "set:": "sets or resets this setting, as `set:search_path` or `set:role`",
    "function:": "calls, changes or drops this function",
    "object:": "drops this other thing",
    "forward:": "carries a connection to this destination, as `forward:db.internal:5432` or `forward:/run/app.sock`",
    "verb:": "asks this of an API server: `verb:get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or "
    "`deletecollection`; of addresses that are no resources the HTTP method",
    "resource:": "is about this kind of object, as `resource:pods` or, with its group, `resource:apps/deployments`",
    "subresource:": "is about this part of an object, as `subresource:exec`, `log`, `scale` or `status`",
    "namespace:": "is about this namespace, or about what is in it",
    "name:": "is about the object of this name",
    "path:": "asks for an address that is no resource, as `path:/metrics`",
    "command:": "runs this command, by its base name; `command:test` also for `[` and `[[`",
}

#: The label of what an analysis could not read, in every protocol; a role with rules refuses it unless a rule names it.
UNPARSEABLE = SqlLabel.UNPARSEABLE.value


#: A setting whose name is computed, or all of them: to a rule that denies or holds it may be any.
ANY_SETTING = "set:*"

#: Tables of the whole database that nobody has named: to a rule that denies or holds any may be among them.
ANY_TABLE = "table:*"

#: Namespaces or objects of a cluster that nobody has named, likewise.
ANY_NAMESPACE = "namespace:*"
ANY_NAME = "name:*"

#: What may be any of its kind.
ANY = frozenset({ANY_SETTING, ANY_TABLE, ANY_NAMESPACE, ANY_NAME})

#: Between patterns of one entry of a rule's `match`, all of which one statement must meet.
AND = " & "


def meets(label: str, pattern: str) -> bool:
    """Whether a pattern of a rule's `match` matches a label: as a glob, and destinations by what they are."""
    return forward.meets(label, pattern) if label.startswith(forward.LABEL) else fnmatchcase(label, pattern)


def patterns_of(entry: str) -> list[str]:
    """Those of one entry of `match`: `verb:delete & namespace:prod` has two."""
    return [each.strip() for each in entry.split(AND)]


def may_mean(pattern: str, label: str, schemas: Sequence[str] | None) -> bool:
    """Whether a label without a schema (`table:cards`) may mean what a pattern with one names (`table:app.*`).

    `schemas`: those it may stand in; None: any. ANY_SETTING may mean every setting, and ANY_TABLE every table.
    """
    prefix, _, name = label.partition(":")
    head, _, rest = pattern.partition(":")
    if not fnmatchcase(prefix, head):
        return False
    if label in ANY:
        return True
    if schemas is not None:
        return any(fnmatchcase(f"{schema}.{name}", rest) for schema in schemas)
    return any(fnmatchcase(name, rest[dot + 1 :]) for dot in range(1, len(rest)) if rest[dot] == ".")


def unknown_label(pattern: str) -> str | None:
    """What is wrong with an entry of `match`, as a sentence's end; None if some label can match each pattern of it."""
    return next((wrong for each in patterns_of(pattern) if (wrong := _unknown(each)) is not None), None)


def _unknown(pattern: str) -> str | None:
    if pattern.startswith(tuple(PREFIXES)) and not pattern.endswith(":"):
        return None
    known = {label.value for labels in (SqlLabel, ShellLabel, KubernetesLabel) for label in labels}
    if any(fnmatchcase(label, pattern) for label in known) or _may_start(pattern, PREFIXES):
        return None
    return f"{pattern!r} is no label of a statement, so the rule would never apply.{did_you_mean(pattern, known)}"


def _may_start(pattern: str, prefixes: Iterable[str]) -> bool:
    """A glob such as `*` or `tab*:cards` may match a label with a prefix."""
    head = pattern.partition(":")[0] + ":"
    return any(character in pattern for character in "*?[") and any(fnmatchcase(prefix, head) for prefix in prefixes)
