"""SFTP packets as a client and a host send them, for conversations without either (draft-ietf-secsh-filexfer-02)."""

import struct

from proxy.ssh.files.sftp_packets import Kind


def packet(kind: int, *fields: int | bytes) -> bytes:
    """One packet: numbers are uint32, bytes are strings."""
    body = bytes([kind]) + b"".join(map(_packed, fields))
    return struct.pack(">I", len(body)) + body


def _packed(field: int | bytes) -> bytes:
    if isinstance(field, int):
        return struct.pack(">I", field)
    return struct.pack(">I", len(field)) + field


def read(number: int, handle: bytes, offset: int, count: int) -> bytes:
    """A READ; its offset is the only uint64 of reading."""
    body = bytes([Kind.READ]) + struct.pack(">I", number) + _packed(handle) + struct.pack(">QI", offset, count)
    return struct.pack(">I", len(body)) + body


def write(number: int, handle: bytes, offset: int, data: bytes) -> bytes:
    """A WRITE."""
    body = bytes([Kind.WRITE]) + struct.pack(">I", number) + _packed(handle) + struct.pack(">Q", offset) + _packed(data)
    return struct.pack(">I", len(body)) + body


def status(number: int, code: int = 0) -> bytes:
    """A STATUS; 0 is success, 1 the end of a file."""
    return packet(Kind.STATUS, number, code, b"", b"")
