"""One request within a session: read, judged by the role's rules, put to the API server, and its answer masked.

What cannot be read in one way is refused. Nothing goes to the API server that was not recorded before.
"""

from dataclasses import replace
from typing import Final

from proxy.kubernetes.held import HeldRequests
from proxy.kubernetes.http import status
from proxy.kubernetes.http.server import Exchange
from proxy.kubernetes.live import Live
from proxy.kubernetes.relay.answering import Answering
from proxy.kubernetes.relay.asked import Asked
from proxy.kubernetes.requests import accepting, deletions, headers
from proxy.kubernetes.requests.facts import facts_of
from proxy.kubernetes.requests.headers import Header
from proxy.kubernetes.requests.info import RequestInfo, info_of
from proxy.kubernetes.requests.paths import Target
from proxy.kubernetes.requests.unreadable import Unreadable
from proxy.kubernetes.streaming.opening import opened

#: An API server takes 3 MiB (k8s.io/apiserver, MaxRequestBodyBytes).
MAX_BODY_BYTES: Final = 3 * 1024 * 1024
_STREAMED: Final = frozenset({"exec", "attach"})
_NO_FORWARDING: Final = (
    "Gatepass forwards no ports of pods yet, so nothing was opened. Run a client in the pod (kubectl exec), or ask for "
    "access to the service itself."
)
_UNREADABLE: Final = (
    "Its body is protobuf or the like, of which nobody can be shown what it asks. Send it as JSON or YAML, as kubectl "
    "apply does."
)
_NOT_ACCEPTABLE: Final = (
    "The client takes nothing that Gatepass can read and mask: it has to accept application/json. Of client-go's "
    "clients it is AcceptContentTypes."
)


async def relay(live: Live, exchange: Exchange, target: Target) -> None:
    """Answer one request. Raises Fault, BadRequest and ClientGone."""
    try:
        info = info_of(exchange.head.method, target.path, target.query)
        fields = headers.to_server(exchange.head.fields)
        if info.is_resource and info.subresource == "portforward":
            # By whatever protocol: the role's `forward` would have to allow it, and nobody asks it here.
            await refuse(exchange, 403, _NO_FORWARDING)
            return
        if info.is_resource and info.subresource in _STREAMED:
            await opened(live, exchange, target, info)
            return
        asked = await _asked(exchange, target, info, fields)
    except Unreadable as unreadable:
        await refuse(exchange, 400, str(unreadable))
        return
    if asked is None:
        await refuse(exchange, 406, _NOT_ACCEPTABLE)
        return
    await _judged(live, exchange, asked)


async def _asked(exchange: Exchange, target: Target, info: RequestInfo, fields: list[Header]) -> Asked | None:
    """None: nothing that the client takes can be read. Raises Unreadable, BadRequest."""
    body = await exchange.whole_body(MAX_BODY_BYTES)
    is_readable = not body or not info.is_resource or _is_readable(exchange.head.get("content-type"))
    if is_readable:
        info = deletions.with_options(info, target.query, body)
    schemas = not info.is_resource and info.path.startswith("/openapi/")
    accepted = accepting.accepted(",".join(exchange.head.all("accept")) or None, schemas=schemas)
    return None if accepted is None else Asked(info, target, fields, body, accepted, is_readable)


def _is_readable(content_type: str | None) -> bool:
    """Whether a body can be shown to somebody. Of a deletion that cannot, it is not known that it is a dry run."""
    try:
        accepting.body_type(content_type)
    except Unreadable:
        return False
    return True


async def _judged(live: Live, exchange: Exchange, asked: Asked) -> None:
    session, facts = live.session, facts_of(asked.info)
    if not asked.is_readable:
        facts = replace(facts, unreviewable=_UNREADABLE)
    warning = ""
    if not session.guarded:
        session.allow([facts])
    else:
        key = HeldRequests.key(asked.info.method, asked.target.sent, asked.body)
        answer = await live.held.authorized(session, key, facts, exchange.gone)
        if not answer.allowed:
            await refuse(exchange, answer.code, answer.message)
            return
        warning = answer.message
    await Answering(live, exchange, asked, warning).run()


async def refuse(exchange: Exchange, code: int, sentence: str) -> None:
    """Answer with a Status that says why not."""
    await exchange.reply(code, {"content-type": status.JSON}, status.failure(code, sentence))
