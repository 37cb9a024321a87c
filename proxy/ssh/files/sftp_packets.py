"""SFTP's packets as bytes: where each begins and ends, and the fields in it (draft-ietf-secsh-filexfer-02, 3). Pure."""

import struct
from enum import IntEnum

from proxy.ssh.files.broken import BrokenProtocol

#: OpenSSH takes 256 KiB; other servers send somewhat more at once.
MAX_PACKET_BYTES = 1024 * 1024
_LENGTH_BYTES = 4

#: Which attributes follow (5).
_SIZE = 0x01
_OWNER = 0x02
_MODE = 0x04
_TIMES = 0x08


class Kind(IntEnum):
    """Types of packets (3, and 8 for the last two)."""

    INIT = 1
    VERSION = 2
    OPEN = 3
    CLOSE = 4
    READ = 5
    WRITE = 6
    LSTAT = 7
    FSTAT = 8
    SETSTAT = 9
    FSETSTAT = 10
    OPENDIR = 11
    READDIR = 12
    REMOVE = 13
    MKDIR = 14
    RMDIR = 15
    REALPATH = 16
    STAT = 17
    RENAME = 18
    READLINK = 19
    SYMLINK = 20
    STATUS = 101
    HANDLE = 102
    DATA = 103
    NAME = 104
    ATTRS = 105
    EXTENDED = 200
    EXTENDED_REPLY = 201


class Packets:
    """One direction: fed bytes of any cut, it gives whole packets, each with its length before it.

    It keeps one unfinished packet, MAX_PACKET_BYTES at most. Raises BrokenProtocol for one that is longer or empty.
    """

    def __init__(self, sender: str) -> None:
        self._sender = sender
        self._waiting = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that are complete now, in order."""
        self._waiting += data
        found: list[bytes] = []
        at = 0
        while len(self._waiting) - at >= _LENGTH_BYTES:
            (length,) = struct.unpack_from(">I", self._waiting, at)
            if not 1 <= length <= MAX_PACKET_BYTES:
                raise BrokenProtocol(f"{self._sender} sent an SFTP packet of {length:,} bytes.")
            past = at + _LENGTH_BYTES + length
            if past > len(self._waiting):
                break
            found.append(bytes(self._waiting[at:past]))
            at = past
        del self._waiting[:at]
        return found


class Fields:
    """The fields of one packet behind its type, from the left. Raises BrokenProtocol where one is missing."""

    def __init__(self, packet: bytes, sender: str) -> None:
        self.kind = packet[_LENGTH_BYTES]
        self._packet = packet
        self._sender = sender
        self._at = _LENGTH_BYTES + 1

    def uint32(self) -> int:
        return int.from_bytes(self._take(4), "big")

    def uint64(self) -> int:
        return int.from_bytes(self._take(8), "big")

    def string(self) -> bytes:
        """Bytes behind their length: a handle, a path, data."""
        return self._take(self.uint32())

    def _take(self, count: int) -> bytes:
        taken = self._packet[self._at : self._at + count]
        if len(taken) < count:
            raise BrokenProtocol(f"{self._sender} sent an SFTP packet that is cut short.")
        self._at += count
        return taken


def attributes(fields: Fields) -> dict[str, int | str]:
    """What a request sets of a file (5), as it is put on record. Raises BrokenProtocol."""
    flags = fields.uint32()
    found: dict[str, int | str] = {}
    if flags & _SIZE:
        found["size"] = fields.uint64()
    if flags & _OWNER:
        found["owner"] = f"{fields.uint32()}:{fields.uint32()}"
    if flags & _MODE:
        found["mode"] = f"{fields.uint32():04o}"
    if flags & _TIMES:
        found["times"] = f"{fields.uint32()}:{fields.uint32()}"
    return found


def status(number: int, code: int, message: str) -> bytes:
    """An answer to the client: a code of 7 and words for people."""
    said = message.encode()
    body = struct.pack(">BIII", Kind.STATUS, number, code, len(said)) + said + struct.pack(">I", 0)
    return struct.pack(">I", len(body)) + body


def lstat(number: int) -> bytes:
    """A request of Gatepass's own in the place of one of the client's, about no file. It is as short as any."""
    body = struct.pack(">BII", Kind.LSTAT, number, 0)
    return struct.pack(">I", len(body)) + body


def with_version(packet: bytes, version: int) -> bytes:
    """The same INIT or VERSION, of this version."""
    return packet[: _LENGTH_BYTES + 1] + struct.pack(">I", version) + packet[_LENGTH_BYTES + 5 :]
