"""What the connections to client and upstream agree on: names, sizes, and OpenSSH extensions that asyncssh lacks.

Some of it replaces private parts of asyncssh: tests/unit/proxy/ssh/test_transport.py names them, and the versions of
asyncssh that they were read in.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

import asyncssh
from asyncssh.constants import MSG_CHANNEL_OPEN, MSG_IGNORE, OPEN_UNKNOWN_CHANNEL_TYPE
from asyncssh.packet import PacketDecodeError, SSHPacket

from proxy.ssh.algorithms import GCM

#: OpenSSH speaks its extensions (above all eow@openssh.com) only with a peer that names it (RFC 4253, 4.2).
VERSION: Final = "OpenSSH_9.9 Gatepass"

#: A peer that answers none of so many questions in a row is gone.
KEEPALIVE_S: Final = 30
KEEPALIVE_TRIES: Final = 3

AnyChannel = asyncssh.SSHServerChannel[bytes] | asyncssh.SSHClientChannel[bytes]

EOW: Final = "eow@openssh.com"
X11: Final = "x11-req"
AGENT: Final = "auth-agent-req@openssh.com"
TERMINAL: Final = "pty-req"

#: Channels that a client may open (RFC 4254, 5.1 and 7.2; OpenSSH PROTOCOL, 2.3 and 2.4).
CHANNELS: Final = frozenset({b"session", b"direct-tcpip", b"direct-streamlocal@openssh.com", b"tun@openssh.com"})


def quicken(
    connection: asyncssh.SSHServerConnection | asyncssh.SSHClientConnection,
    greeted: Callable[[], None] = lambda: None,
) -> None:
    """Spare a new connection what costs time and gains nothing; without it everything still works.

    `greeted` is called when a client's version line is in, of which asyncssh tells nobody.

    asyncssh sends an empty MSG_IGNORE before every packet, against an attack on CBC ciphers, of which there are none
    here. And the client's order of ciphers decides (RFC 4253, 7.1): OpenSSH before 10 puts those last that are fastest
    here, so it is offered these alone; all of its versions since 6.2 have them.
    """
    hidden: Any = connection
    send_packet: Callable[..., None] = hidden.send_packet
    send_kexinit: Callable[[], None] = hidden._send_kexinit

    def send(kind: int, *arguments: bytes, **more: Any) -> None:
        if kind != MSG_IGNORE:
            send_packet(kind, *arguments, **more)

    def propose() -> None:
        greeted()
        if re.match(r"SSH-2\.0-OpenSSH_(?:[7-9]|\d\d)", str(connection.get_extra_info("client_version"))):
            hidden._enc_algs = [name.encode() for name in GCM]
        send_kexinit()

    hidden.send_packet = send
    silence(connection)
    if connection.is_server():
        hidden._send_kexinit = propose


def silence(part: AnyChannel | asyncssh.SSHServerConnection | asyncssh.SSHClientConnection) -> None:
    """Leave out asyncssh's log of every packet, which is formatted before it is dropped."""
    hidden: Any = part
    hidden.log_sent_packet = hidden.log_received_packet = _say_nothing


def _say_nothing(*_: Any) -> None:
    pass


def on_request(channel: AnyChannel, request: str, handle: Callable[[], bool]) -> None:
    """Have `handle` answer a channel request of this name; True is success.

    asyncssh looks for a method that is named after the request; the channel gets one.
    """
    name = request.replace("-", "_").replace("@", "_at_").replace(".", "_dot_")

    def process(_packet: Any) -> bool:
        return handle()

    setattr(channel, f"_process_{name}_request", process)


def on_exec(channel: AnyChannel, decode: Callable[[bytes], str]) -> None:
    """Have `decode` make text of the command of an exec request; asyncssh itself refuses what is no UTF-8."""
    hidden: Any = channel

    def process(packet: Any) -> bool:
        command: bytes = packet.get_string()
        packet.check_end()
        started: bool = hidden._start_session(command=decode(command))
        return started

    hidden._process_exec_request = process


def on_environment(channel: AnyChannel, may_set: Callable[[bytes, bytes], bool]) -> None:
    """Keep of a client's environment what it may set; asyncssh keeps whatever comes, for as long as it comes."""
    hidden: Any = channel

    def process(packet: Any) -> bool:
        name, value = packet.get_string(), packet.get_string()
        packet.check_end()
        if allowed := may_set(name, value):
            hidden._env[name] = value
        return allowed

    hidden._process_env_request = process


def fail_malformed(channel: AnyChannel, request: str, longest: int) -> None:
    """Have a request of this name fail by itself that cannot be read, or whose fields are longer than that, in bytes.

    asyncssh would end the connection, and read each of a hundred thousand modes of a terminal.
    """
    hidden: Any = channel
    name = f"_process_{request.replace('-', '_')}_request"
    process: Callable[[Any], bool] = getattr(hidden, name)

    def guarded(packet: Any) -> bool:
        if len(packet.get_remaining_payload()) > longest:
            return False
        try:
            return process(packet)
        except (asyncssh.ProtocolError, PacketDecodeError):
            return False

    setattr(hidden, name, guarded)


def send_end_of_write(channel: AnyChannel) -> None:
    """Say that what the peer still writes is not read any more (OpenSSH PROTOCOL, 2.1: eow@openssh.com).

    Only to OpenSSH, as OpenSSH does: some clients (sshj) take the request for an answer, and break off.
    """
    connection: Any = channel.get_connection()
    peer = "client_version" if connection.is_server() else "server_version"
    if str(connection.get_extra_info(peer)).startswith("SSH-2.0-OpenSSH"):
        channel._send_request(EOW.encode())  # pyright: ignore[reportPrivateUsage] - no public way


def refuse_unknown_types(connection: asyncssh.SSHServerConnection) -> None:
    """Have any other type refused, as sshd does: asyncssh looks for a method of that name, and may find one."""
    hidden: Any = connection
    process: Callable[[int, int, Any], bool | Awaitable[None]] = hidden.process_packet

    def processed(kind: int, number: int, packet: SSHPacket) -> bool | Awaitable[None]:
        if kind == MSG_CHANNEL_OPEN:
            fields = SSHPacket(packet.get_remaining_payload())
            if fields.get_string() not in CHANNELS:
                hidden.send_channel_open_failure(
                    fields.get_uint32(), OPEN_UNKNOWN_CHANNEL_TYPE, "Unknown channel type", "en"
                )
                return True
        return process(kind, number, packet)

    hidden.process_packet = processed
