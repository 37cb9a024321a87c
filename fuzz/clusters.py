"""What reads requests to API servers and their streams, fed with anything: it reads in one way, or refuses."""

from contextlib import suppress
from itertools import pairwise

from proxy.kubernetes.requests import accepting, asked, deletions, headers, paths, queries
from proxy.kubernetes.requests.facts import facts_of
from proxy.kubernetes.requests.info import info_of
from proxy.kubernetes.requests.unreadable import Unreadable
from proxy.kubernetes.streams import channels, outcomes
from proxy.kubernetes.streams.sizes import Sizes
from proxy.kubernetes.streams.spdy.frames import Data, Frame
from proxy.kubernetes.streams.spdy.reader import Reader
from proxy.kubernetes.streams.spdy.writer import Writer
from proxy.kubernetes.streams.violation import StreamViolation

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")


def requests(data: bytes) -> None:
    """A method's number, and a target, a header and a body between zero bytes."""
    method = _METHODS[data[0] % len(_METHODS)] if data else "GET"
    target, header, body = (*data[1:].split(b"\0", 2), b"", b"", b"")[:3]
    text = header.decode("latin-1")
    with suppress(Unreadable):
        _target(method, target.decode(errors="surrogateescape"), body)
    for read in (accepting.accepted, accepting.body_type, lambda each: headers.to_server([(each, each)])):
        with suppress(Unreadable):
            read(text)


def _target(method: str, target: str, body: bytes) -> None:
    found = paths.split(target)
    assert paths.split(f"/{found.door}{found.sent}") == found, found
    assert not {"", ".", ".."} & set(paths.segments(found.path)[:-1]), found
    query = queries.read(found.query)
    for read in (asked.exec_of, asked.attach_of, asked.port_forward_of, asked.log_of):
        with suppress(Unreadable):
            read(query)
    info = deletions.with_options(info_of(method, found.path, found.query), found.query, body)
    facts = facts_of(info)
    assert facts.text.isprintable(), facts
    assert info.is_resource or f"path:{info.path}" in facts.labels, facts


def streams(data: bytes) -> None:
    """Frames say the same however the stream is cut, and are written as they were read."""
    for version in channels.Version:
        with suppress(StreamViolation):
            message = channels.decode(data, version, frozenset(channels.Channel))
            assert channels.encode(message, version) == data, message
    with suppress(StreamViolation):
        assert outcomes.read(outcomes.encode(outcomes.read(data))) == outcomes.read(data)
    with suppress(StreamViolation):
        Sizes().feed(data)
    cut, stream = data[:4], data[4:]
    edges = [0, *sorted(each * len(stream) // 256 for each in cut), len(stream)]
    try:
        whole = Reader().feed(stream)
    except StreamViolation:
        return
    reader = Reader()
    pieces = [frame for start, end in pairwise(edges) for frame in reader.feed(stream[start:end])]
    assert _said(pieces) == _said(whole), (pieces, whole)
    writer = Writer()
    assert Reader().feed(b"".join(map(writer.write, whole))) == whole, whole


def _said(frames: list[Frame]) -> list[object]:
    """Whatever the pieces in which data arrives."""
    said: list[object] = []
    for frame in frames:
        if isinstance(frame, Data):
            said += [(frame.stream, byte) for byte in frame.data]
            said += [(frame.stream, "end")] * frame.fin
        else:
            said.append(frame)
    return said
