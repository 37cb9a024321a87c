"""Roles: the account used on a resource, and what may be done with it. Pure."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from access.policy.shapes.accounts import Certificate, Credential, PostgresRole
from access.policy.shapes.base import Frozen, NameOfKey, SecretRef
from access.policy.shapes.credentials import ALL, Accepts
from access.policy.shapes.statement_rules import StatementRule
from access.policy.values.complaint import complaint
from access.policy.values.forward import Forward


class SshFeature(StrEnum):
    SHELL = "shell"
    EXEC = "exec"
    SFTP = "sftp"


class Files(StrEnum):
    """What becomes of transfers: scp, rsync, git, tar, sftp, kubectl cp, and any stream that is no text."""

    ALLOW = "allow"
    REFUSE_SENSITIVE = "refuse_sensitive"
    DENY = "deny"


def _is_no_group_of_the_system(value: str) -> str:
    if value.startswith("system:"):
        raise complaint("is a group of Kubernetes itself, and system:masters may do anything: bind a group of your own")
    return value


#: A group that the cluster's own rules (RBAC) give rights to.
ClusterGroup = Annotated[
    str, StringConstraints(pattern=r"^[\x21-\x7e]{1,253}$"), AfterValidator(_is_no_group_of_the_system)
]


class Role(Frozen):
    """The account used upstream, and what may be done with it."""

    name: NameOfKey = ""
    #: Empty where each session has an account of its own.
    username: str = Field(default="", max_length=128)
    password: SecretRef | None = None
    private_key: SecretRef | None = None
    credential: Credential = Credential.FIXED
    #: PostgreSQL, ephemeral: the role whose rights each session's own role gets.
    template: PostgresRole | None = None
    #: SSH, in the place of `private_key` and `password`.
    certificate: Certificate | None = None
    #: What clients may let themselves in with.
    accepts: Accepts = Field(default=list(ALL))
    #: SSH only.
    allow: list[SshFeature] = Field(default=[SshFeature.SHELL, SshFeature.EXEC])
    #: SSH and Kubernetes: a transfer's bytes are never altered, so it passes, or ends where masking would have changed
    #: it.
    files: Files = Files.REFUSE_SENSITIVE
    #: Kubernetes: the groups in whose name the gateway asks the API server; what they may do is RBAC's to say.
    groups: list[ClusterGroup] = Field(default=[])
    #: SSH only: destinations that connections may be forwarded to, and what may be listened on; none unless given.
    forward: list[Forward] = Field(default=[])
    #: The first match decides; nothing matches: allow.
    statements: list[StatementRule] = Field(default=[])
