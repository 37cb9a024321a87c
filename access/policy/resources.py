"""What can be asked for: resources, where they are, the roles on them and the rules for what a role may run. Pure.

These are the shapes of gatepass.yml; a secret never stands in it, only a reference to one.
"""

from enum import StrEnum
from typing import Annotated, Self, TypeVar, assert_never

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)

from access.policy.labels import unknown_label
from access.policy.served import NotServed
from access.policy.shapes.accounts import Certificate, Credential, PostgresRole, RoleAdmin
from access.policy.shapes.base import Frozen, Name, NameOfKey, SecretRef
from access.policy.shapes.credentials import ALL, POSTGRES, Accepts
from access.policy.shapes.durations import Seconds
from access.policy.shapes.proof import Requires
from access.policy.values.complaint import complaint
from access.policy.values.forward import Forward
from access.policy.values.public_key import PublicKey
from storage.model import Protocol, VerdictKind

#: Keys of a role that mean something on a host alone.
_SSH_ONLY = frozenset({"allow", "files", "forward"})


SlackChannel = Annotated[str, StringConstraints(pattern=r"^[CG][A-Z0-9]{1,62}$")]
Port = Annotated[int, Field(ge=1, le=65_535)]
Host = Annotated[str, StringConstraints(pattern=r"^[^\s/@]+$", max_length=255)]


def _of_one_line(name: str) -> str:
    """PostgreSQL takes any character but NUL; people's command lines, and cells of pages, do not."""
    if not name.isprintable():
        raise complaint("has a line end or another character that no command line takes")
    return name


DatabaseName = Annotated[str, StringConstraints(min_length=1, max_length=63), AfterValidator(_of_one_line)]

PartT = TypeVar("PartT", bound=Frozen)


class StatementRule(Frozen):
    """What becomes of a statement with one of the labels in `match` (globs allowed); the first match decides."""

    name: Name
    match: list[str] = Field(min_length=1)
    verdict: VerdictKind
    #: Told to whoever ran the statement.
    message: str = Field(default="", max_length=500)
    #: People and groups; none: the reviewers of the policy rule that granted the access.
    reviewers: list[Name] = Field(default=[])
    quorum: int = Field(default=1, ge=1, le=10)
    #: A statement that nobody answers by then is refused.
    timeout_s: Seconds = Field(default=600, validation_alias="timeout", serialization_alias="timeout")
    #: None: the channel of the policy rule.
    channel: SlackChannel | None = None
    #: Of whoever approves what this holds; None: what the policy rule asks.
    requires: Requires | None = None

    @field_validator("match")
    @classmethod
    def _labels_exist(cls, value: list[str]) -> list[str]:
        for pattern in value:
            if (wrong := unknown_label(pattern)) is not None:
                raise complaint(wrong)
        return value

    @model_validator(mode="after")
    def _review_is_asked_of_somebody(self) -> Self:
        if self.verdict is not VerdictKind.REVIEW and self.reviewers:
            raise complaint(f"has reviewers, but its verdict is {self.verdict}: say `verdict: review` or drop them")
        if self.verdict is not VerdictKind.REVIEW and self.requires is not None:
            raise complaint(f"has requires, but its verdict is {self.verdict}: nobody approves it, so drop it")
        return self


class TlsMode(StrEnum):
    VERIFY_FULL = "verify-full"
    VERIFY_CA = "verify-ca"
    DISABLE = "disable"


class PostgresUpstream(Frozen):
    host: Host
    port: Port = 5432
    #: The only database this resource opens; None: the client chooses.
    database: DatabaseName | None = None
    tls: TlsMode = TlsMode.VERIFY_FULL
    #: PEM; None: the system's certificate authorities.
    ca_file: str | None = None
    #: The name in the upstream's certificate, where it is not `host`.
    server_name: Host | None = None
    #: Who makes the roles of sessions; required by roles with `credential: ephemeral`.
    role_admin: RoleAdmin | None = None

    @model_validator(mode="after")
    def _trust_needs_tls(self) -> Self:
        if self.tls is TlsMode.DISABLE and (self.ca_file or self.server_name):
            raise complaint("has tls: disable, so ca_file and server_name would be ignored: drop them or verify")
        return self


class SshUpstream(Frozen):
    host: Host
    port: Port = 22
    #: OpenSSH public keys, one of which the host must show.
    host_key: list[PublicKey] = Field(default=[])
    #: The public key of a certificate authority that signs host keys.
    host_ca: PublicKey | None = None

    @field_validator("host_key", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _host_is_known(self) -> Self:
        if not self.host_key and not self.host_ca:
            raise complaint("needs host_key or host_ca: without one the gateway could not tell this host from another")
        return self


Upstream = PostgresUpstream | SshUpstream


def _upstream_of(protocol: Protocol) -> type[Upstream] | None:
    """The shape of a protocol's upstreams; None: resources of this type are refused."""
    match protocol:
        case Protocol.POSTGRES:
            return PostgresUpstream
        case Protocol.SSH:
            return SshUpstream
        case Protocol.KUBERNETES:
            return None
        case _:
            assert_never(protocol)


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


class Resource(Frozen):
    """A name people ask for, and the upstream behind it."""

    name: NameOfKey = ""
    type: Protocol
    #: What it is, in a sentence for whoever decides about access to it.
    description: str = Field(default="", max_length=200)
    #: One word for how much harm it can do, such as prod.
    tier: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")] | None = None
    upstream: Upstream
    roles: dict[Name, Role] = Field(min_length=1)

    @field_validator("type")
    @classmethod
    def _is_spoken(cls, value: Protocol) -> Protocol:
        if _upstream_of(value) is None:
            raise complaint(str(NotServed(value)))
        return value

    @field_validator("upstream", mode="wrap")
    @classmethod
    def _of_the_type(cls, value: object, _union: ValidatorFunctionWrapHandler, info: ValidationInfo) -> object:
        """Validate as the type's upstream, so that errors speak of that one alone and not of the union."""
        protocol: Protocol | None = info.data.get("type")
        shape = _upstream_of(protocol) if protocol is not None else None
        return value if shape is None else shape.model_validate(value)

    @field_validator("roles")
    @classmethod
    def _name_roles(cls, roles: dict[str, Role]) -> dict[str, Role]:
        return named(roles)

    @model_validator(mode="after")
    def _parts_fit_the_type(self) -> Self:
        for role in self.roles.values():
            _check_role(self, role)
        return self


def _check_role(resource: Resource, role: Role) -> None:
    """Raise a complaint about a role that does not fit its resource's type."""
    match resource.type:
        case Protocol.POSTGRES:
            _check_postgres_role(resource.upstream, role)
        case Protocol.SSH:
            _check_ssh_role(role)
        case Protocol.KUBERNETES:
            pass  # Refused by its type already.
        case _:
            assert_never(resource.type)


def _check_postgres_role(upstream: Upstream, role: Role) -> None:
    if POSTGRES.isdisjoint(role.accepts):
        raise complaint(f"role {role.name}: nobody can enter a database so; accepts needs token or certificate")
    if role.private_key or role.certificate or not role.model_fields_set.isdisjoint(_SSH_ONLY):
        raise complaint(f"role {role.name}: private_key, certificate, allow, files and forward are for ssh resources")
    if role.credential is not Credential.EPHEMERAL:
        if role.template:
            raise complaint(f"role {role.name} has a template: say `credential: ephemeral` too, or drop it")
        _check_username(role)
        return
    if role.username or role.password:
        raise complaint(f"role {role.name} is ephemeral, so it has no username and password: drop them")
    if role.template is None:
        raise complaint(f"role {role.name} is ephemeral and needs template: the PostgreSQL role whose rights it gets")
    admin = upstream.role_admin if isinstance(upstream, PostgresUpstream) else None
    if admin is None:
        raise complaint(f"role {role.name} is ephemeral: its upstream needs role_admin, the account that makes roles")
    if admin.username == role.template:
        raise complaint(f"role {role.name} has role_admin for its template: sessions would make roles themselves")


def _check_ssh_role(role: Role) -> None:
    if role.credential is not Credential.FIXED or role.template:
        raise complaint(f"role {role.name}: credential and template are for postgres resources; use certificate here")
    _check_username(role)
    given = [name for name in ("password", "private_key", "certificate") if getattr(role, name)]
    if len(given) > 1:
        raise complaint(f"role {role.name} has both {given[0]} and {given[1]}: give one")
    if not given:
        raise complaint(f"role {role.name} needs private_key or password to enter the host, or certificate")
    if role.files is Files.DENY and SshFeature.SFTP in role.allow:
        raise complaint(f"role {role.name} allows sftp, and its `files: deny` refuses it: drop one of them")


def _check_username(role: Role) -> None:
    if not role.username:
        raise complaint(f"role {role.name} needs username: the account on the upstream")


def named(parts: dict[str, PartT]) -> dict[str, PartT]:
    """Tell each part the key under which it stands."""
    return {key: part.model_copy(update={"name": key}) for key, part in parts.items()}
