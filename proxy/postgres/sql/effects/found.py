"""Found: the labels of one statement, in the parts that must pass the rules each by itself. Pure.

Theory of operation
-------------------

A rule's `allow` must not let anything by that stands beside what it allows, and no label that is added to a statement
may loosen what an older rule holds or denies. So a statement is judged as several sets of labels, of which the
strictest verdict counts:

1. *The whole*: all that the grammar's nodes are called (`select`, `delete`, `table:cards`, `function:f`), and the
   effects. Whatever rule decided by the names of nodes decides by them still.
2. *One part for each use of a table*: the kind of the statement around it, what is done to the table, and its name.
   `with d as (delete from t returning *) select * from s` has {delete, write, writes:t, table:t} and
   {select, read, reads:s, table:s}, so `allow: [select]` before `deny: ["*"]` does not let it by.
3. *One part for each effect* that is no use of a table, and for each function that has effects or that nobody knows.
   Its set has no kind, so that an allowed `select` does not allow `pg_read_file`.

The kinds of old that are given by what a statement does rather than by its node (`delete` for a branch of MERGE, `drop`
for DROP COLUMN, `copy_server_file` for pg_read_file) stand in parts alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from access.policy.labels import EFFECTS

#: What labels begin with that no rule could name before there were effects.
_NEW_PREFIXES = ("reads:", "writes:", "set:", "command:")


@dataclass
class Found:
    """What a walk over one statement gathers."""

    #: Labels of the whole that are in no part.
    whole: set[str] = field(default_factory=set[str])
    #: In the order in which they were found; a dictionary, for each counts once.
    parts: dict[frozenset[str], None] = field(default_factory=dict[frozenset[str], None])
    #: Labels of tables that are named without a schema: which one is meant follows from the session's search path.
    unqualified: set[str] = field(default_factory=set[str])
    #: Another value in the place of a literal could have given other labels.
    by_value: bool = False

    def add(self, *groups: Iterable[str]) -> None:
        """Add a part with the labels of all `groups`."""
        self.parts[frozenset(label for group in groups for label in group)] = None

    def effects(self) -> frozenset[str]:
        """The labels of the parts that belong to the whole as well."""
        return frozenset(label for part in self.parts for label in part if _is_new(label)) | self.whole


def _is_new(label: str) -> bool:
    return label in EFFECTS or label.startswith(_NEW_PREFIXES)
