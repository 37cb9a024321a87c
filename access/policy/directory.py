"""The directory: what sign-ins and Slack have told of people, which the file does not say. Pure.

The file decides what counts of it: a group says which provider fills it and by which word, and nobody is somebody here
unless one of those groups has them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from access.policy.document import Person


@dataclass(frozen=True)
class Directory:
    """As of one moment."""

    #: Those whom a provider brought, by name; the file names none of them.
    people: Mapping[str, Person] = field(default_factory=dict[str, Person])
    #: Person -> the Slack member that they linked.
    slack: Mapping[str, str] = field(default_factory=dict[str, str])
    #: Group of the file -> who is in it, of both kinds of people.
    members: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    #: Whose account a provider has deactivated or deleted, whether the file names them or not: they are nobody.
    gone: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Known:
    """A directory as of `revision`; it changes by itself at `until`, if that is not None."""

    directory: Directory
    revision: int
    until: datetime | None

    def is_current(self, revision: int, now: datetime) -> bool:
        return revision == self.revision and (self.until is None or now < self.until)
