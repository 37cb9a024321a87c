"""Settings: one frozen object from the environment, built here and passed on as arguments. Nothing else reads the
environment (secret references of the policy are the proxy's to resolve)."""

import ipaddress
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from access.policy.values.web_address import LOOPBACK
from web.settings import ForwardedBy, Network, Origin


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


class CertificateSource(StrEnum):
    """From where certificates of people's ssh may be used."""

    ADDRESS = "address"
    ANY = "any"


def _address(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 <= int(port) <= 65535:
        raise ValueError(f"{value!r} is not host:port, for example 0.0.0.0:2222 or [::]:2222")
    return value


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError("it is the name or the address alone that people connect to, for example gate.example.com")
    return value


def _url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().strip():
        raise ValueError("it is set, and empty: leave it out for the embedded PostgreSQL")
    return value


def _networks(value: object) -> object:
    """Addresses and networks, with commas between them."""
    if not isinstance(value, str):
        return value
    try:
        return tuple(ipaddress.ip_network(each.strip()) for each in value.split(",") if each.strip())
    except ValueError as error:
        raise ValueError(f"{error}: write addresses and networks, as 10.0.0.1, 10.1.0.0/16") from error


def _origin(value: object) -> object:
    return Origin.read(value) if isinstance(value, str) else value


Address = Annotated[str, AfterValidator(_address)]
WebOrigin = Annotated[Origin, BeforeValidator(_origin)]
Proxies = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)]
#: A name in ASCII (an international one as `xn--…`), or an address.
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
Host = Annotated[str, AfterValidator(_host)]
Url = Annotated[SecretStr, AfterValidator(_url)]
PublicPort = Annotated[int, Field(ge=1, le=65_535)]


def host_and_port(address: str) -> tuple[str, int]:
    """Split host:port; brackets around an IPv6 address are dropped."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


class InvalidSettings(Exception):
    """The environment does not make settings: the message lists every variable that is wrong and why."""


class Settings(BaseSettings):
    """What `gatepass` is told by its environment; see docs/operations.md for each.

    A field is read from the variable of its alias alone: `home` never from HOME.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, case_sensitive=True)

    #: Folder for keys, the CA, recordings and the embedded PostgreSQL.
    home: Path = Field(default=Path(".gatepass"), alias="GATEPASS_HOME")
    config: Path = Field(default=Path("gatepass.yml"), alias="GATEPASS_CONFIG")
    #: PostgreSQL of one's own; the embedded one when it is not set.
    database_url: Url | None = Field(default=None, alias="DATABASE_URL")
    #: The tables' owner, for `gatepass migrate`; DATABASE_URL when it is not set.
    owner_database_url: Url | None = Field(default=None, alias="GATEPASS_OWNER_DATABASE_URL")
    slack_bot_token: SecretStr | None = Field(default=None, alias="SLACK_BOT_TOKEN")
    slack_app_token: SecretStr | None = Field(default=None, alias="SLACK_APP_TOKEN")
    slack_api_base_url: str | None = Field(default=None, alias="SLACK_API_BASE_URL")
    #: The name that people's clients connect to.
    public_host: Host = Field(default="localhost", alias="GATEPASS_PUBLIC_HOST")
    ssh_listen: Address = Field(default="127.0.0.1:2222", alias="GATEPASS_SSH_LISTEN")
    postgres_listen: Address = Field(default="127.0.0.1:5433", alias="GATEPASS_POSTGRES_LISTEN")
    kubernetes_listen: Address = Field(default="127.0.0.1:8443", alias="GATEPASS_KUBERNETES_LISTEN")
    #: Health, and the keys that clients trust: plain HTTP, for whoever runs this.
    health_listen: Address = Field(default="127.0.0.1:8080", alias="GATEPASS_HEALTH_LISTEN")
    #: The pages that people sign in to.
    web_listen: Address = Field(default="127.0.0.1:8444", alias="GATEPASS_WEB_LISTEN")
    #: Their address in browsers; https:// the public host and the port unless given.
    web_url: WebOrigin | None = Field(default=None, alias="GATEPASS_WEB_URL")
    #: A certificate of one's own and its key, in PEM; the gateway's CA makes one unless given.
    web_cert: Path | None = Field(default=None, alias="GATEPASS_WEB_CERT")
    web_key: Path | None = Field(default=None, alias="GATEPASS_WEB_KEY")
    #: Addresses and networks of proxies that encrypt instead, and whose word on their clients counts.
    web_proxies: Proxies = Field(default=(), alias="GATEPASS_WEB_PROXIES")
    #: The header that they set; either counts unless given, and two that differ say nothing.
    web_forwarded_by: ForwardedBy | None = Field(default=None, alias="GATEPASS_WEB_FORWARDED_BY")
    #: Ports that people type, where a load balancer or container changes them.
    public_ssh_port: PublicPort | None = Field(default=None, alias="GATEPASS_PUBLIC_SSH_PORT")
    public_postgres_port: PublicPort | None = Field(default=None, alias="GATEPASS_PUBLIC_POSTGRES_PORT")
    public_kubernetes_port: PublicPort | None = Field(default=None, alias="GATEPASS_PUBLIC_KUBERNETES_PORT")
    #: Where people's machines have the gateway's CA certificate; named in the psql command they are given.
    public_ca_file: str | None = Field(default=None, alias="GATEPASS_PUBLIC_CA_FILE")
    #: Whether an SSH certificate counts only from the address that it was asked for from.
    certificate_source: CertificateSource = Field(
        default=CertificateSource.ADDRESS, alias="GATEPASS_CERTIFICATE_SOURCE"
    )
    #: HTTP proxy for everything that goes to Slack; HTTPS_PROXY is deliberately not read.
    slack_proxy: str | None = Field(default=None, alias="SLACK_PROXY")
    log_format: LogFormat = Field(default=LogFormat.TEXT, alias="GATEPASS_LOG_FORMAT")

    @classmethod
    def load(cls) -> Self:
        """Read the environment. Raises InvalidSettings with every fault at once, and no value."""
        try:
            return cls()
        except ValidationError as error:
            lines = [
                ": ".join([*map(str, fault["loc"][:1]), fault["msg"].removeprefix("Value error, ")])
                for fault in error.errors(include_input=False)
            ]
            raise InvalidSettings("\n".join(lines)) from None

    @model_validator(mode="after")
    def _pages_are_encrypted_once(self) -> Self:
        """Here, or by a proxy, or on this machine alone; a certificate has its key."""
        if (self.web_cert is None) is not (self.web_key is None):
            raise ValueError("GATEPASS_WEB_CERT and GATEPASS_WEB_KEY go together: set both, or neither")
        if self.web_cert is not None and self.web_proxies:
            raise ValueError("GATEPASS_WEB_CERT encrypts here, GATEPASS_WEB_PROXIES says that a proxy does: drop one")
        if not self.origin.is_encrypted and self.web_proxies:
            raise ValueError("GATEPASS_WEB_URL: people reach a proxy by https, so it begins with https://")
        if not self.origin.is_encrypted and host_and_port(self.web_listen)[0] not in LOOPBACK:
            raise ValueError("GATEPASS_WEB_URL: pages in plain http are for this machine alone: listen on 127.0.0.1")
        return self

    @property
    def origin(self) -> Origin:
        """The address of the pages."""
        return self.web_url or Origin("https", self.public_host, host_and_port(self.web_listen)[1])

    @property
    def ssh_port(self) -> int:
        """The port that people's ssh connects to."""
        return self.public_ssh_port or host_and_port(self.ssh_listen)[1]

    @property
    def postgres_port(self) -> int:
        """The port that people's PostgreSQL clients connect to."""
        return self.public_postgres_port or host_and_port(self.postgres_listen)[1]

    @property
    def kubernetes_port(self) -> int:
        """The port that people's kubectl connects to."""
        return self.public_kubernetes_port or host_and_port(self.kubernetes_listen)[1]

    @property
    def recordings(self) -> Path:
        return self.home / "recordings"
