"""Where resources are: the address behind each name, and how the gateway knows that it is the right one. Pure."""

from enum import StrEnum
from typing import Annotated, Self, assert_never

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from access.policy.shapes.accounts import RoleAdmin
from access.policy.shapes.base import Frozen
from access.policy.values.complaint import complaint
from access.policy.values.public_key import PublicKey
from storage.model import Protocol

Port = Annotated[int, Field(ge=1, le=65_535)]
Host = Annotated[str, StringConstraints(pattern=r"^[^\s/@]+$", max_length=255)]


def _of_one_line(name: str) -> str:
    """PostgreSQL takes any character but NUL; people's command lines, and cells of pages, do not."""
    if not name.isprintable():
        raise complaint("has a line end or another character that no command line takes")
    return name


DatabaseName = Annotated[str, StringConstraints(min_length=1, max_length=63), AfterValidator(_of_one_line)]


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


def upstream_of(protocol: Protocol) -> type[Upstream] | None:
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
