"""What the web room is told, by the settings: its address, its certificate, and how people connect."""

import asyncio
import ssl
from pathlib import Path
from typing import Final, Never

import structlog

from access.addresses import Addresses
from cli.runtime import NotReady
from cli.settings import CertificateSource, Settings, host_and_port
from proxy.authority import Authority
from proxy.client_certificates import can_ask
from proxy.ssh.host_key import keys_folder, public_key_file
from web.settings import WebSettings

#: How often the gateway's own certificate is made anew: long before it ends.
_RENEWAL_S: Final = 7 * 86_400.0
#: How often a certificate of one's own is looked at: whoever renews it need not restart anything.
_LOOK_S: Final = 60.0

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Pages:
    """The settings of the web room, and the certificate of its pages for as long as it serves."""

    def __init__(self, settings: Settings, addresses: Addresses) -> None:
        """Raises NotReady for a certificate that cannot be used."""
        self._own = (settings.web_cert, settings.web_key)
        self._folder = settings.home / "ca"
        self._hosts = tuple(
            dict.fromkeys((settings.origin.host, settings.public_host, "localhost", "127.0.0.1", "::1"))
        )
        self._tls = self._context() if settings.origin.is_encrypted and not settings.web_proxies else None
        self.settings = WebSettings(
            health_listen=host_and_port(settings.health_listen),
            pages_listen=host_and_port(settings.web_listen),
            origin=settings.origin,
            addresses=addresses,
            tls=self._tls,
            proxies=settings.web_proxies,
            forwarded_by=settings.web_forwarded_by,
            ca_file=self._folder / "ca.pem",
            home=settings.home,
            ssh_host_key_file=public_key_file(keys_folder(settings.home)),
            takes_certificates=can_ask(),
            ssh_keys=keys_folder(settings.home),
            binds_certificates=settings.certificate_source is CertificateSource.ADDRESS,
        )

    async def keep_certificate(self) -> Never:
        """Renew it, or take it as it was renewed; one that cannot be used any more is said, and the old one stays."""
        seen = self._stamp()
        while True:
            await asyncio.sleep(_RENEWAL_S if self._own[0] is None else _LOOK_S)
            if self._tls is None:
                continue
            if self._own[0] is None:
                Authority(self._folder).renew(self._tls, self._hosts)
            elif (now := self._stamp()) != seen:
                seen = now
                try:
                    self._load(self._tls)
                except NotReady as error:
                    log.error("web_certificate_kept", why=str(error))  # noqa: TRY400 - the sentence says it
                else:
                    log.info("web_certificate_renewed", file=str(self._own[0]))

    def _context(self) -> ssl.SSLContext:
        if self._own[0] is None:
            return Authority(self._folder).server_context(self._hosts, "http/1.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        self._load(context)
        return context

    def _load(self, context: ssl.SSLContext) -> None:
        """Raises NotReady."""
        certificate, key = self._own
        try:
            context.load_cert_chain(str(certificate), str(key))
        except (OSError, ssl.SSLError) as error:
            raise NotReady(
                f"The certificate {certificate} with the key {key} cannot be used ({error.strerror or error}). "
                "Set GATEPASS_WEB_CERT and GATEPASS_WEB_KEY to a pair in PEM, the chain behind the certificate."
            ) from error

    def _stamp(self) -> tuple[int, int]:
        """When the two files changed last; 0 for one that is not there."""
        return _changed(self._own[0]), _changed(self._own[1])


def _changed(path: Path | None) -> int:
    try:
        return path.stat().st_mtime_ns if path is not None else 0
    except OSError:
        return 0
