"""The client's end of an exec or attach that speaks SPDY/3.1: a stream for each channel, which the client opens.

k8s.io/apimachinery, pkg/util/httpstream/spdy, and k8s.io/client-go, tools/remotecommand: each stream says by the header
`streamtype` what it is for. What is sent on a stream that is not there yet waits for it.
"""

import asyncio
from collections.abc import Collection
from typing import Final

from proxy.kubernetes.streaming.ends import Told
from proxy.kubernetes.streams.channels import OF_CLIENT, Channel, Closed, Message, Written
from proxy.kubernetes.streams.spdy.frames import Data, Frame, GoAway, Ping, RstStream, SynReply, SynStream
from proxy.kubernetes.streams.spdy.reader import Reader
from proxy.kubernetes.streams.spdy.writer import Writer
from proxy.kubernetes.streams.violation import StreamViolation
from proxy.transport import Transport

#: As `Upgrade` and the handshake name it.
PROTOCOL: Final = "spdy/3.1"

_CHANNELS: Final = {each.name.lower(): each for each in Channel}
#: A client opens all of its streams at once (k8s.io/kubelet, streaming, DefaultStreamCreationTimeout).
OPENING_S: Final = 30.0
#: Frames of one write: longer ones keep others waiting.
_PIECE_BYTES: Final = 32 * 1024
#: A stream that is not there yet: a sentence or two of ours wait for it.
_MAX_WAITING_BYTES: Final = 64 * 1024


class SpdyEnd:
    """`early` has come of it already."""

    def __init__(self, transport: Transport, early: bytes) -> None:
        self.transport = transport
        self._reader, self._writer = Reader(), Writer()
        self._streams: dict[int, Channel] = {}
        self._numbers: dict[Channel, int] = {}
        self._waiting: dict[Channel, bytes] = {}
        self._finished: set[Channel] = set()
        self._told: Told | None = None
        #: What came before anybody listened.
        self._untold: list[Message] = []
        self._over = False
        self._opened = asyncio.Event()
        if early:
            self._arrived(early)
        transport.feed(self._arrived)
        transport.lost.add_done_callback(lambda _: self._gone())

    def listen(self, told: Told) -> None:
        """From now on tell what comes, beginning with what came before."""
        self._told = told
        untold, self._untold = self._untold, []
        for message in untold:
            told.message(message)
        if self._over:
            told.gone()

    async def ready(self, channels: Collection[Channel]) -> None:
        """Until the client has opened them. Raises TimeoutError."""
        async with asyncio.timeout(OPENING_S):
            while not self._over and not self._numbers.keys() >= set(channels):
                self._opened.clear()
                await self._opened.wait()

    def send(self, message: Message) -> None:
        if isinstance(message, Closed):
            self._finish(message.channel)
        elif message.channel in self._numbers:
            self._write(message.channel, message.data)
            if message.channel is Channel.ERROR:
                self._finish(message.channel)
        else:
            waiting = self._waiting.get(message.channel, b"") + message.data
            self._waiting[message.channel] = waiting[-_MAX_WAITING_BYTES:]

    def close(self, *, broken: bool = False) -> None:
        """Say goodbye; whoever has the transport closes it."""
        for channel in (Channel.STDOUT, Channel.STDERR, Channel.ERROR):
            self._finish(channel)
        self._send(GoAway(max(self._streams, default=0), int(broken)))

    def _write(self, channel: Channel, data: bytes) -> None:
        for at in range(0, len(data), _PIECE_BYTES):
            self._send(Data(self._numbers[channel], data[at : at + _PIECE_BYTES]))

    def _finish(self, channel: Channel) -> None:
        if channel in self._numbers and channel not in self._finished:
            self._finished.add(channel)
            self._send(Data(self._numbers[channel], b"", fin=True))

    def _send(self, frame: Frame) -> None:
        self.transport.write(self._writer.write(frame))

    # --- what comes ---------------------------------------------------------------------------------------------------

    def _arrived(self, data: bytes) -> None:
        if self._over:
            return
        try:
            for frame in self._reader.feed(data):
                self._take(frame)
        except StreamViolation as violation:
            self._over = True
            if self._told is not None:
                self._told.broken(str(violation))

    def _take(self, frame: Frame) -> None:
        match frame:
            case SynStream():
                self._open(frame)
            case Data() if frame.stream in self._streams:
                self._of(self._streams[frame.stream], frame)
            case Ping():
                self._send(frame)
            case GoAway():
                self._gone()
            case RstStream() if frame.stream in self._streams:
                self._finished.add(self._streams[frame.stream])
            case _:
                pass

    def _open(self, frame: SynStream) -> None:
        kind = dict(frame.headers).get("streamtype", "")
        channel = _CHANNELS.get(kind)
        if channel is None or channel in self._numbers or frame.stream in self._streams:
            raise StreamViolation("a stream that is for nothing, or opened twice")
        self._streams[frame.stream], self._numbers[channel] = channel, frame.stream
        self._send(SynReply(frame.stream))
        self._opened.set()
        if waiting := self._waiting.pop(channel, b""):
            self.send(Written(channel, waiting))
        if frame.fin and channel is Channel.STDIN:
            self._tell(Closed(channel))

    def _of(self, channel: Channel, frame: Data) -> None:
        if channel not in OF_CLIENT:
            if frame.data:
                raise StreamViolation(f"data for {channel.name.lower()}, which a client does not write")
            return
        if frame.data:
            self._tell(Written(channel, frame.data))
        if frame.fin and channel is Channel.STDIN:
            self._tell(Closed(channel))

    def _tell(self, message: Message) -> None:
        if self._told is None:
            self._untold.append(message)
        else:
            self._told.message(message)

    def _gone(self) -> None:
        if not self._over:
            self._over = True
            self._opened.set()
            if self._told is not None:
                self._told.gone()
