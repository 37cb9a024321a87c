"""The answer to one request: the API server's, with what must not be shown masked, recorded before it leaves.

Objects are read as JSON whole piece by piece (proxy.kubernetes.objects); logs are text, masked as the output of a
command. Documents of the API itself hold no objects and pass as they are.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

import aiohttp

from proxy.errors import PolicyFault, UpstreamFault
from proxy.kubernetes.http.heads import Answer
from proxy.kubernetes.http.server import Exchange
from proxy.kubernetes.live import Live
from proxy.kubernetes.objects.body import Body
from proxy.kubernetes.objects.unreadable import Unreadable
from proxy.kubernetes.objects.watch import Watch
from proxy.kubernetes.requests import headers
from proxy.kubernetes.requests.accepting import YAML, Accepted
from proxy.kubernetes.upstream.api_server import answer_of
from proxy.recording.asciicast import STDOUT

if TYPE_CHECKING:
    from proxy.kubernetes.relay.relay import Asked

_JSON: Final = "application/json"
_TEXT: Final = "text/plain"
