"""What can be asked for: resources, and whether their roles fit what they are. Pure.

These are the shapes of gatepass.yml; a secret never stands in it, only a reference to one.
"""

from typing import Annotated, Self, TypeVar, assert_never

from pydantic import (
    Field,
    StringConstraints,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)

from access.policy.shapes.accounts import Credential
from access.policy.shapes.base import Frozen, Name, NameOfKey
from access.policy.shapes.credentials import POSTGRES, ClientCredential
from access.policy.shapes.roles import Files, Role, SshFeature
from access.policy.shapes.upstreams import PostgresUpstream, Upstream, upstream_of
from access.policy.values.complaint import complaint
from storage.model import Protocol

#: Keys of a role that mean something on a host alone.
_SSH_ONLY = frozenset({"allow", "forward"})
#: And those of a host or a cluster.
_NOT_SQL = frozenset({"files"})

#: What other doors log in with upstream.
_ACCOUNT = ("username", "password", "private_key", "template", "certificate")

PartT = TypeVar("PartT", bound=Frozen)


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

    @field_validator("upstream", mode="wrap")
    @classmethod
    def _of_the_type(cls, value: object, _union: ValidatorFunctionWrapHandler, info: ValidationInfo) -> object:
        """Validate as the type's upstream, so that errors speak of that one alone and not of the union."""
        protocol: Protocol | None = info.data.get("type")
        return value if protocol is None else upstream_of(protocol).model_validate(value)

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
            _check_kubernetes_role(role)
        case _:
            assert_never(resource.type)


def _check_postgres_role(upstream: Upstream, role: Role) -> None:
    if POSTGRES.isdisjoint(role.accepts):
        raise complaint(f"role {role.name}: nobody can enter a database so; accepts needs token or certificate")
    if role.private_key or role.certificate or not role.model_fields_set.isdisjoint(_SSH_ONLY | _NOT_SQL):
        raise complaint(f"role {role.name}: private_key, certificate, allow, files and forward are for ssh resources")
    _check_no_groups(role)
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
    _check_no_groups(role)
    _check_username(role)
    given = [name for name in ("password", "private_key", "certificate") if getattr(role, name)]
    if len(given) > 1:
        raise complaint(f"role {role.name} has both {given[0]} and {given[1]}: give one")
    if not given:
        raise complaint(f"role {role.name} needs private_key or password to enter the host, or certificate")
    if role.files is Files.DENY and SshFeature.SFTP in role.allow:
        raise complaint(f"role {role.name} allows sftp, and its `files: deny` refuses it: drop one of them")


def _check_kubernetes_role(role: Role) -> None:
    if ClientCredential.TOKEN not in role.accepts:
        raise complaint(f"role {role.name}: nobody can enter a cluster so; accepts needs token")
    given = [name for name in _ACCOUNT if getattr(role, name)] + sorted(role.model_fields_set & _SSH_ONLY)
    if role.credential is not Credential.FIXED:
        given.append("credential")
    if given:
        raise complaint(
            f"role {role.name} has {given[0]}, which a cluster has no use for: people act in it by their own names, "
            "with the rights of the role's groups"
        )
    if not role.groups:
        raise complaint(f"role {role.name} needs groups: those whose rights (RBAC) it gives in the cluster")


def _check_no_groups(role: Role) -> None:
    if role.groups:
        raise complaint(f"role {role.name}: groups are for kubernetes resources")


def _check_username(role: Role) -> None:
    if not role.username:
        raise complaint(f"role {role.name} needs username: the account on the upstream")


def named(parts: dict[str, PartT]) -> dict[str, PartT]:
    """Tell each part the key under which it stands."""
    return {key: part.model_copy(update={"name": key}) for key, part in parts.items()}
