"""Where resources are: the address behind each name, and how the gateway knows that it is the right one. Pure."""

from enum import StrEnum
from typing import Annotated, Self, assert_never

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from access.policy.shapes.accounts import RoleAdmin
from access.policy.shapes.base import Frozen, SecretRef
from access.policy.values.complaint import complaint
from access.policy.values.public_key import PublicKey
from access.policy.values.web_address import is_encrypted_address
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


def _is_server(value: str) -> str:
    if not is_encrypted_address(value) or "?" in value or "%" in value:
        raise complaint("is no address of an API server: write https://10.0.0.7:6443, with its path if it has one")
    return value.rstrip("/")


class KubernetesUpstream(Frozen):
    """An API server, and what the gateway itself proves to it; what people may do there is their role's groups'."""

    server: Annotated[str, Field(max_length=512), AfterValidator(_is_server)]
    #: PEM; None: the system's certificate authorities.
    ca_file: str | None = None
    #: The name in the server's certificate, where it is not the address's.
    server_name: Host | None = None
    #: The gateway's own bearer token; a file is read again when it changes.
    token: SecretRef | None = None
    #: In its place: a certificate and its key, PEM.
    client_certificate: SecretRef | None = None
    client_key: SecretRef | None = None
    #: What stands before people's names in the cluster, so that none of its own users has one.
    user_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,61}:$")] = "gatepass:"

    @field_validator("user_prefix")
    @classmethod
    def _is_nobody_of_the_cluster(cls, value: str) -> str:
        if value == "system:":
            raise complaint("is what Kubernetes' own users begin with: choose another, such as gatepass:")
        return value

    @model_validator(mode="after")
    def _proves_itself(self) -> Self:
        if (self.client_certificate is None) is not (self.client_key is None):
            raise complaint("has one of client_certificate and client_key: give both, or token")
        if (self.token is None) is (self.client_key is None):
            raise complaint("needs token, or client_certificate and client_key: what the gateway proves to the server")
        return self


Upstream = PostgresUpstream | SshUpstream | KubernetesUpstream


def upstream_of(protocol: Protocol) -> type[Upstream]:
    """The shape of a protocol's upstreams."""
    match protocol:
        case Protocol.POSTGRES:
            return PostgresUpstream
        case Protocol.SSH:
            return SshUpstream
        case Protocol.KUBERNETES:
            return KubernetesUpstream
        case _:
            assert_never(protocol)
