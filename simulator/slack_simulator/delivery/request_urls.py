"""The request urls of an app's manifest: where HTTP mode sends payloads, if they stay on this machine."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from slack_simulator.manifest.manifest import Manifest
from slack_simulator.workspace.spec import SpecError


def refuse_distant_urls(manifest: Manifest) -> None:
    """Raise SpecError if a request url leads anywhere but to this machine: payloads of people's tests stay here."""
    for where, url in _request_urls(manifest):
        if not _is_loopback(url):
            raise SpecError(
                f"{where} is {url!r}: the simulator sends requests to this machine only, so give an http url of "
                "127.0.0.1, localhost or [::1]"
            )


def _request_urls(manifest: Manifest) -> Iterator[tuple[str, str]]:
    named = [
        ("settings.event_subscriptions.request_url", manifest.events_url),
        ("settings.interactivity.request_url", manifest.interactivity_url),
        ("settings.interactivity.message_menu_options_url", manifest.options_url),
        *((f"features.slash_commands: the url of {one.command}", one.url) for one in manifest.commands),
    ]
    return ((where, url) for where, url in named if url is not None)


def _is_loopback(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return parts.scheme in {"http", "https"} and (host == "localhost" or ipaddress.ip_address(host).is_loopback)
    except ValueError:
        return False
