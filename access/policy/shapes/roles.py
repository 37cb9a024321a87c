"""Roles: the account used on a resource, and what may be done with it. Pure."""

from enum import StrEnum

from pydantic import Field

from access.policy.shapes.accounts import Certificate, Credential, PostgresRole
from access.policy.shapes.base import Frozen, NameOfKey, SecretRef
from access.policy.shapes.credentials import ALL, Accepts
from access.policy.shapes.statement_rules import StatementRule
from access.policy.values.forward import Forward


class SshFeature(StrEnum):
    SHELL = "shell"
    EXEC = "exec"
    SFTP = "sftp"


class Files(StrEnum):
    """What becomes of transfers of an SSH role: scp, rsync, git, tar, sftp, and any stream that is no text."""

    ALLOW = "allow"
    REFUSE_SENSITIVE = "refuse_sensitive"
    DENY = "deny"


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
    #: SSH only: a transfer's bytes are never altered, so it passes, or ends where masking would have changed it.
    files: Files = Files.REFUSE_SENSITIVE
    #: SSH only: destinations that connections may be forwarded to, and what may be listened on; none unless given.
    forward: list[Forward] = Field(default=[])
    #: The first match decides; nothing matches: allow.
    statements: list[StatementRule] = Field(default=[])
