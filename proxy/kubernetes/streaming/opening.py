"""exec and attach: judged as the command that they run, opened at the API server, and run to their end.

The client is answered as the API server answers: a refusal of the server's is the client's. Who runs a command that
waits for its review, or that is refused, is told so on stderr.
"""

import json
import shlex
from dataclasses import replace
from typing import Any, Final

from wsproto.utilities import generate_nonce

from access.policy.labels import ShellLabel
from access.policy.shapes.roles import Files
from access.policy.shapes.statement_rules import StatementRule
from proxy.kubernetes.http.server import Exchange
from proxy.kubernetes.live import Live
from proxy.kubernetes.requests import asked, headers, queries
from proxy.kubernetes.requests.asked import Attach, Exec
from proxy.kubernetes.requests.facts import facts_of
from proxy.kubernetes.requests.info import RequestInfo
from proxy.kubernetes.requests.paths import Target
from proxy.kubernetes.streaming.client import StreamingClient
from proxy.kubernetes.streaming.ends import WebSocketEnd
from proxy.kubernetes.streaming.execution import Execution, What
from proxy.kubernetes.streaming.web_socket import WebSocket
from proxy.kubernetes.streams.channels import Channel, Version
from proxy.kubernetes.upstream.switching import Refused, Switched
from proxy.showing.shell import facts_of as command_facts
from proxy.statements import StatementFacts
from storage.model import VerdictKind

#: How long a client may take to read the end of what it was sent.
HANG_UP_S: Final = 60.0

_NO_FILES: Final = StatementRule(
    name="files",
    match=[ShellLabel.TRANSFER],
    verdict=VerdictKind.DENY,
    message=(
        "This role moves no files (`files: deny`), so nothing was run. Ask for a role that does, or read what you need "
        "as text."
    ),
)


async def opened(live: Live, exchange: Exchange, target: Target, info: RequestInfo) -> None:
    """Serve one exec or attach to its end. Raises Unreadable, BadRequest, ClientGone and Fault."""
    query = queries.read(target.query)
    wanted = asked.exec_of(query) if info.subresource == "exec" else asked.attach_of(query)
    fields = headers.to_server(exchange.head.fields)
    client = StreamingClient.of(exchange)
    facts = _facts(info, wanted)
    refusal = _refusal(live, facts)
    verdict = await live.session.authorize([facts], client.notify, refusal=refusal)
    if not verdict.allowed:
        await client.refuse(verdict.message)
        return
    switched = await live.server.switch(target.sent, fields, "websocket", _offers(client.version))
    if isinstance(switched, Refused):
        await client.refused_by_server(switched.answer, *_masked(live, switched.body))
        return
    await _run(live, client, switched, info, wanted, facts)


async def _run(
    live: Live,
    client: StreamingClient,
    switched: Switched,
    info: RequestInfo,
    wanted: Exec | Attach,
    facts: StatementFacts,
) -> None:
    number = next(live.numbers)
    _begin(live, number, info, wanted)
    spoken = dict(switched.answer.fields).get("sec-websocket-protocol", "")
    server = WebSocketEnd(
        WebSocket(switched.transport, is_ours=True, early=switched.early), Version(spoken), is_server=True
    )
    what = What(f"pods/{info.name}", wanted.tty, ShellLabel.TRANSFER in facts.labels)
    execution = Execution(live, number, what, client.end, server)
    try:
        await client.end.ready(_channels(wanted))
        await execution.run()
        # All of what it wrote is the client's, however slowly that reads.
        await client.end.transport.close(HANG_UP_S)
    finally:
        execution.close()
        switched.transport.abort()


def _channels(wanted: Exec | Attach) -> set[Channel]:
    """What a client that wants this opens."""
    flags = {
        Channel.STDIN: wanted.stdin,
        Channel.STDOUT: wanted.stdout,
        Channel.STDERR: wanted.stderr and not wanted.tty,
    }
    return {Channel.ERROR, *(channel for channel, is_wanted in flags.items() if is_wanted)}


def _begin(live: Live, number: int, info: RequestInfo, wanted: Exec | Attach) -> None:
    """What is run where, before anything of it is shown."""
    facts: dict[str, Any] = {
        "type": info.subresource,
        "cluster": live.cluster,
        "namespace": info.namespace,
        "pod": info.name,
        "container": wanted.container or "",
        "terminal": wanted.tty,
    }
    if isinstance(wanted, Exec):
        facts["argv"] = list(wanted.argv)
    live.cast.channel(number, event="open", **facts)


def _facts(info: RequestInfo, wanted: Exec | Attach) -> StatementFacts:
    """Of the request and of the command in one: each part of the command has the request's labels, too."""
    request = facts_of(info)
    if isinstance(wanted, Attach):
        return replace(request, kind="attach")
    [command] = command_facts(shlex.join(wanted.argv))
    where = f"{info.name} -n {info.namespace}" + (f" -c {wanted.container}" if wanted.container else "")
    return replace(
        command,
        text=f"exec {where} -- {command.text}",
        labels=command.labels | request.labels,
        parts=tuple(part | request.labels for part in command.parts),
    )


def _refusal(live: Live, facts: StatementFacts) -> StatementRule | None:
    moves = ShellLabel.TRANSFER in facts.labels
    return _NO_FILES if moves and live.session.role.files is Files.DENY else None


def _offers(version: Version) -> list[tuple[str, str]]:
    return [
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", generate_nonce().decode("ascii")),
        ("Sec-WebSocket-Protocol", version.value),
    ]


def _masked(live: Live, body: bytes) -> tuple[bytes, str]:
    """A refusal's body, and its message, as they may be shown."""
    shown = live.session.masker.bytes(body)
    try:
        said: Any = json.loads(shown)
        message = str(said["message"])
    except (ValueError, KeyError, TypeError):
        message = live.said(shown.decode(errors="replace"))
    return shown, message
