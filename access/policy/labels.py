"""The words that a policy shares with the proxy: labels of statements, and entities that masking knows. Pure.

A rule that names a label no judge ever gives would never match, and so silently allow; here such a word is an error.
The proxy's own words are held equal to these by a test.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from access.policy.suggest import did_you_mean

#: Entities of proxy.masking, for `masking: [{entity: …}]`.
ENTITIES = frozenset(
    {
        "pan",
        "cvv",
        "email",
        "phone",
        "iban",
        "ssn",
        "aws_key",
        "github_token",
        "jwt",
        "private_key",
        "password",
        "secret",
    }
)

#: Labels of SQL statements that are one word.
SQL_LABELS = frozenset(
    {
        *("select", "insert", "update", "delete", "merge", "copy", "call", "do", "set", "transaction", "explain"),
        *("prepare", "execute", "declare", "fetch", "notify", "grant", "ddl", "truncate", "drop"),
        *("delete_without_where", "update_without_where", "copy_program", "copy_server_file", "unparseable"),
        # Statements of no other kind go by PostgreSQL's own name for their node.
        *("vacuum", "lock", "cluster", "discard", "checkpoint", "load", "closeportal", "variableshow", "return"),
        *("reindex", "deallocate", "listen", "unlisten", "replicaidentity", "checkpoint", "wait"),
    }
)

#: Labels of command lines that are one word.
SHELL_LABELS = frozenset(
    {"exec", "shell", "sftp", "dynamic_command", "redirect_write", "assignment", "arithmetic", "unparseable"}
)

#: Labels that name a thing: `table:cards`, `command:rm`.
PREFIXES = ("table:", "function:", "object:", "command:")


def unknown_label(pattern: str) -> str | None:
    """What is wrong with a pattern of `match`, as a sentence's end; None if some label can match it."""
    if pattern.startswith(PREFIXES) and not pattern.endswith(":"):
        return None
    known = SQL_LABELS | SHELL_LABELS
    if any(fnmatchcase(label, pattern) for label in known) or _may_start(pattern, PREFIXES):
        return None
    return f"{pattern!r} is no label of a statement, so the rule would never apply.{did_you_mean(pattern, known)}"


def unknown_entity(name: str) -> str | None:
    """What is wrong with an entity, as a sentence's end; None if masking knows it."""
    if name in ENTITIES:
        return None
    return f"{name!r} is no entity that can be masked.{did_you_mean(name, ENTITIES)}"


def _may_start(pattern: str, prefixes: Iterable[str]) -> bool:
    """A glob such as `*` or `tab*:cards` may match a label with a prefix."""
    head = pattern.partition(":")[0] + ":"
    return any(character in pattern for character in "*?[") and any(fnmatchcase(prefix, head) for prefix in prefixes)
