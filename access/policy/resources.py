"""What can be asked for: resources, where they are, the roles on them and the rules for what a role may run. Pure.

These are the shapes of gatepass.yml; a secret never stands in it, only a reference to one.
"""

import re
from base64 import b64decode
from enum import StrEnum
from typing import Annotated, Self, TypeVar, assert_never

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from access.policy.duration import format_duration, parse_duration
from access.policy.labels import unknown_label
from access.policy.served import NotServed
from storage.model import Protocol, VerdictKind

NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,62}$"
#: Algorithms of host keys, and how many fields follow the name in their keys (RFC 4253 6.6, 5656 3.1, 8709 4).
_KEY_FIELDS = {
    "ssh-ed25519": 1,
    "ssh-ed448": 1,
    "ecdsa-sha2-nistp256": 2,
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
    "ssh-rsa": 2,
}
#: Bytes of the last field, where it is always as long.
_KEY_BYTES = {
    "ssh-ed25519": 32,
    "ssh-ed448": 57,
    "ecdsa-sha2-nistp256": 65,
    "ecdsa-sha2-nistp384": 97,
    "ecdsa-sha2-nistp521": 133,
}
#: Fewer different bytes are in no key that was made by chance.
_FEWEST_DIFFERENT = 12
_SECRET_REF = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/\S+")
_DURATION_SCHEMA = {"type": "string", "pattern": r"^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$", "examples": ["1h30m"]}


class Frozen(BaseModel):
    """A part of the policy: immutable, strict about unknown keys, and silent about values in its errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_by_name=True)


def complaint(message: str) -> PydanticCustomError:
    """A validation error with our own sentence."""
    return PydanticCustomError("gatepass", "{message}", {"message": message})


def _is_secret_ref(value: str) -> str:
    if not _SECRET_REF.fullmatch(value):
        raise complaint(
            "is not a reference to a secret: write env:NAME or file:/absolute/path, never the secret itself"
        )
    return value


def _to_seconds(value: object) -> object:
    """Of a text; a bare number is refused as in `/access`: nobody can tell its unit."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return parse_duration(str(value)) if isinstance(value, str) or is_number else value


def _is_public_key(value: str) -> str:
    """One line as OpenSSH writes it: algorithm, the key in base64 that names it again (RFC 4253, 6.6), a comment."""
    value = value.strip()
    algorithm, _, rest = value.partition(" ")
    encoded = rest.partition(" ")[0]
    try:
        blob = b64decode(encoded, validate=True)
    except ValueError:
        blob = b""
    fields = _fields(blob)
    whole = fields[:1] == [algorithm.encode()] and len(fields) == 1 + _KEY_FIELDS.get(algorithm, 0) > 1
    if not whole or len(fields[-1]) != _KEY_BYTES.get(algorithm, len(fields[-1])):
        raise complaint("is no public key: write the line that ssh-keyscan shows, from its `ssh-` or `ecdsa-` on")
    if len(set(fields[-1])) < _FEWEST_DIFFERENT:
        raise complaint("is no key that anybody has, but one that stands for it: write the host's own")
    return value


def _fields(blob: bytes) -> list[bytes]:
    """The strings that a key consists of, each behind its length (RFC 4251, 5); none for what is cut or goes on."""
    fields: list[bytes] = []
    while blob:
        length = int.from_bytes(blob[:4], "big")
        fields.append(blob[4 : 4 + length])
        if len(fields[-1]) != length:
            return []
        blob = blob[4 + length :]
    return fields


#: Names of resources, roles, people, groups and rules: they stand in usernames, commands and audit lines.
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
#: A host's or an authority's public key, in one line.
PublicKey = Annotated[str, AfterValidator(_is_public_key)]
#: `env:NAME` or `file:/path`; proxy.credentials fetches it when a session opens.
SecretRef = Annotated[str, AfterValidator(_is_secret_ref)]
#: Seconds; in the file a text such as `10m`.
Seconds = Annotated[
    int,
    BeforeValidator(_to_seconds),
    Field(gt=0),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
    WithJsonSchema(_DURATION_SCHEMA),
]
SlackChannel = Annotated[str, StringConstraints(pattern=r"^[CG][A-Z0-9]{1,62}$")]
Port = Annotated[int, Field(ge=1, le=65_535)]
Host = Annotated[str, StringConstraints(pattern=r"^[^\s/@]+$", max_length=255)]
#: Filled in from the key under which the part stands.
NameOfKey = Annotated[SkipJsonSchema[str], Field(default="", exclude=True, repr=True)]


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
        return self


class TlsMode(StrEnum):
    VERIFY_FULL = "verify-full"
    VERIFY_CA = "verify-ca"
    DISABLE = "disable"


class PostgresUpstream(Frozen):
    host: Host
    port: Port = 5432
    #: The only database this resource opens; None: the client chooses.
    database: str | None = Field(default=None, min_length=1, max_length=63)
    tls: TlsMode = TlsMode.VERIFY_FULL
    #: PEM; None: the system's certificate authorities.
    ca_file: str | None = None
    #: The name in the upstream's certificate, where it is not `host`.
    server_name: Host | None = None

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


class Role(Frozen):
    """The account used upstream, and what may be done with it."""

    name: NameOfKey = ""
    username: str = Field(min_length=1, max_length=128)
    password: SecretRef | None = None
    private_key: SecretRef | None = None
    #: SSH only. Forwarding is never allowed.
    allow: list[SshFeature] = Field(default=[SshFeature.SHELL, SshFeature.EXEC])
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
            _check_role(self.type, role)
        return self


def _check_role(protocol: Protocol, role: Role) -> None:
    """Raise a complaint about a role that does not fit its resource's type."""
    match protocol:
        case Protocol.POSTGRES:
            if role.private_key or "allow" in role.model_fields_set:
                raise complaint(f"role {role.name}: private_key and allow are for ssh resources")
        case Protocol.SSH:
            if role.password and role.private_key:
                raise complaint(f"role {role.name} has both password and private_key: give one")
            if not (role.password or role.private_key):
                raise complaint(f"role {role.name} needs private_key or password to enter the host")
        case Protocol.KUBERNETES:
            pass  # Refused by its type already.
        case _:
            assert_never(protocol)


def named(parts: dict[str, PartT]) -> dict[str, PartT]:
    """Tell each part the key under which it stands."""
    return {key: part.model_copy(update={"name": key}) for key, part in parts.items()}
