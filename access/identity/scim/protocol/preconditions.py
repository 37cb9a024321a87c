"""Entity tags: versions of resources, and what a request says about the one that it knows (RFC 9110, 13.1). Pure."""

from dataclasses import dataclass

from access.identity.scim.protocol.problems import Problem


def tag(version: int) -> str:
    """A weak one: what is shown besides the resource's own attributes changes by itself."""
    return f'W/"{version}"'


@dataclass(frozen=True)
class Precondition:
    """The headers If-Match and If-None-Match; None: not sent."""

    if_match: str | None = None
    if_none_match: str | None = None

    def check(self, version: int) -> None:
        """Raises Problem (412) unless the resource is as the provider knows it."""
        if self.if_match is not None and not _names(self.if_match, version):
            raise Problem(412, "It was changed since it was read. Read it again.")
        if self.if_none_match is not None and _names(self.if_none_match, version):
            raise Problem(412, "It is there, and as it was.")

    def is_known(self, version: int) -> bool:
        """Whether whoever reads it has it already."""
        return self.if_none_match is not None and _names(self.if_none_match, version)


def _names(header: str, version: int) -> bool:
    """Weak comparison: whether a tag is strong makes no difference here."""
    given = [each.strip() for each in header.split(",")]
    return "*" in given or any(each.removeprefix("W/") == f'"{version}"' for each in given)
