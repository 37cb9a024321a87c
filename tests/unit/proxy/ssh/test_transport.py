"""What Gatepass replaces inside asyncssh is there, and is the asyncssh that it was read in."""

import inspect
from collections.abc import Callable
from typing import Any

import asyncssh
import pytest
from asyncssh.auth import MSG_USERAUTH_INFO_RESPONSE, _ServerKbdIntAuth
from asyncssh.channel import SSHChannel, SSHClientChannel, SSHServerChannel
from asyncssh.connection import SSHClientConnection, SSHConnection, SSHServerConnection
from asyncssh.constants import MSG_IGNORE
from asyncssh.listener import SSHTCPClientListener, SSHUNIXClientListener
from asyncssh.misc import map_handler_name
from asyncssh.packet import PacketDecodeError, SSHPacket, String

from proxy.ssh.algorithms import ENCRYPTION
from proxy.ssh.transport import (
    AGENT,
    EOW,
    TERMINAL,
    X11,
    fail_malformed,
    on_request,
    quicken,
    send_end_of_write,
    silence,
)

#: The versions in whose source the private parts below were read: from the first, up to but not including the second.
CHECKED = ((2, 24), (2, 25))

_WHAT_TO_DO = (
    "proxy/ssh/transport.py replaces private parts of asyncssh, and this one is not as it was when they were read. "
    "Compare quicken, silence, on_request, on_exec, fail_malformed and send_end_of_write there, and "
    "flow.py, pacing.py, guesses.py, strangers.py, global_requests.py, login/answers.py and session_channel.py "
    "beside it, "
    "with the installed connection.py and channel.py, "
    "mend them, run tests/live/proxy/ssh, and only then change CHECKED or PARTS in this file."
)

#: What must be a method of which class, for it to be replaced on an instance, or called.
PARTS: list[tuple[type, str]] = [
    (SSHConnection, "send_packet"),
    (SSHConnection, "_send_kexinit"),
    (SSHConnection, "log_sent_packet"),
    (SSHConnection, "log_received_packet"),
    (SSHChannel, "log_sent_packet"),
    (SSHChannel, "log_received_packet"),
    (SSHChannel, "_send_request"),
    # proxy/ssh/flow.py
    (SSHChannel, "_accept_data"),
    (SSHChannel, "_deliver_data"),
    (SSHChannel, "_flush_send_buf"),
    (SSHChannel, "_pause_resume_writing"),
    (SSHConnection, "send_channel_open_failure"),
    (SSHChannel, "_process_request"),
    (SSHServerChannel, "_process_exec_request"),
    (SSHServerChannel, "_start_session"),
    (SSHServerChannel, "_process_pty_req_request"),
    # proxy/ssh/forwarding/expected.py
    (SSHTCPClientListener, "process_connection"),
    (SSHUNIXClientListener, "process_connection"),
    (SSHChannel, "write"),
    (SSHServerChannel, "_process_env_request"),
    # proxy/ssh/strangers.py, global_requests.py
    (SSHConnection, "data_received"),
    (SSHConnection, "_process_global_request"),
    (SSHConnection, "_report_global_response"),
    (SSHConnection, "_service_next_global_request"),
    (SSHServerConnection, "_process_cancel_tcpip_forward_global_request"),
    (SSHServerConnection, "_process_cancel_streamlocal_forward_at_openssh_dot_com_global_request"),
    # proxy/ssh/login/answers.py
    (SSHConnection, "_finish_userauth"),
    (_ServerKbdIntAuth, "_send_challenge"),
    # proxy/ssh/guesses.py
    (SSHConnection, "process_packet"),
    # proxy/ssh/channels/session_channel.py
    (SSHClientChannel, "_open"),
    (SSHClientChannel, "create"),
]


def _names(method: Callable[..., Any]) -> set[str]:
    """The attributes that a method reads or calls."""
    return set(method.__code__.co_names)


def test_asyncssh_is_of_a_version_that_was_checked() -> None:
    major, minor, *_ = (int(part) for part in asyncssh.__version__.split(".")[:2])
    first, beyond = CHECKED
    assert first <= (major, minor) < beyond, f"asyncssh {asyncssh.__version__} is installed. {_WHAT_TO_DO}"


@pytest.mark.parametrize(("owner", "name"), PARTS, ids=lambda part: getattr(part, "__name__", part))
def test_a_private_part_is_still_there(owner: type, name: str) -> None:
    assert callable(getattr(owner, name, None)), f"{owner.__name__}.{name} is gone. {_WHAT_TO_DO}"


def test_the_command_of_an_exec_request_is_decoded_where_it_is_replaced() -> None:
    assert {"get_string", "check_end", "decode", "_start_session"} <= _names(SSHServerChannel._process_exec_request), (
        f"_process_exec_request does something else now. {_WHAT_TO_DO}"
    )


def test_bytes_are_delivered_with_the_window_that_is_replaced() -> None:
    assert {"_recv_window", "_init_recv_window", "send_packet", "_session", "data_received"} <= _names(
        SSHChannel._deliver_data
    ), f"_deliver_data does something else now. {_WHAT_TO_DO}"
    assert "_recv_window" in _names(SSHChannel._accept_data), f"_accept_data does something else. {_WHAT_TO_DO}"


@pytest.mark.parametrize("create", [SSHClientConnection.create_server, SSHClientConnection.create_unix_server])
def test_listeners_are_kept_where_they_are_expected(create: Callable[..., Any]) -> None:
    assert "_remote_listeners" in inspect.getsource(create), f"Listeners are kept elsewhere. {_WHAT_TO_DO}"


def test_the_ciphers_that_are_offered_are_read_when_the_key_exchange_is_sent() -> None:
    proposed = _names(SSHConnection._send_kexinit)
    assert {"_enc_algs", "send_packet"} <= proposed, f"_send_kexinit does not read _enc_algs. {_WHAT_TO_DO}"
    assert "_send_kexinit" in _names(SSHConnection._recv_version), (
        f"The client's version is not known before the key exchange is sent. {_WHAT_TO_DO}"
    )


def test_answers_are_taken_by_the_handler_that_a_request_makes() -> None:
    assert "_finish_userauth" in _names(SSHConnection._process_userauth_request), (
        f"Logins begin elsewhere. {_WHAT_TO_DO}"
    )
    assert "lookup_server_auth" in _names(SSHConnection._finish_userauth), f"Handlers are made elsewhere. {_WHAT_TO_DO}"
    assert MSG_USERAUTH_INFO_RESPONSE in _ServerKbdIntAuth._packet_handlers, f"Answers go elsewhere. {_WHAT_TO_DO}"


def test_what_is_said_of_a_guess_is_what_a_connection_reads() -> None:
    assert "_ignore_first_kex" in _names(SSHConnection._recv_packet), f"Guesses are judged elsewhere. {_WHAT_TO_DO}"


def test_a_session_is_opened_where_it_is_replaced_and_its_window_is_what_is_adjusted_to() -> None:
    assert "_open" in _names(SSHClientChannel.create), f"A channel is opened elsewhere. {_WHAT_TO_DO}"
    assert "_init_recv_window" in _names(SSHChannel._deliver_data), f"Windows are adjusted elsewhere. {_WHAT_TO_DO}"


def test_a_channel_asks_itself_for_the_handler_of_a_request() -> None:
    channel: Any = type("Channel", (), {})()
    for request in (EOW, X11, AGENT):
        on_request(channel, request, lambda: True)
        handler = getattr(channel, f"_process_{map_handler_name(request)}_request", None)
        assert handler is not None, f"asyncssh looks for the handler of {request} under another name. {_WHAT_TO_DO}"
        assert handler(None) is True


class Connection:
    """As much of asyncssh's connection as `quicken` touches."""

    def __init__(self, client_version: str, *, server: bool = True) -> None:
        self.sent: list[int] = []
        self._client_version = client_version
        self._server = server
        self._enc_algs = [name.encode() for name in ENCRYPTION]
        self.proposed: list[bytes] = []

    def send_packet(self, kind: int, *_: bytes, **__: Any) -> None:
        self.sent.append(kind)

    def _send_kexinit(self) -> None:
        self.proposed = list(self._enc_algs)

    def get_extra_info(self, name: str) -> str:
        return {"client_version" if self._server else "server_version": self._client_version}[name]

    def is_server(self) -> bool:
        return self._server


def test_empty_packets_are_left_out_and_all_others_sent() -> None:
    connection: Any = Connection("SSH-2.0-OpenSSH_9.9")
    quicken(connection)
    for kind in (MSG_IGNORE, 94, MSG_IGNORE, 20):
        connection.send_packet(kind, b"data")
    assert connection.sent == [94, 20]


@pytest.mark.parametrize(
    ("version", "offered"),
    [
        ("SSH-2.0-OpenSSH_9.2p1 Debian-2", 2),
        ("SSH-2.0-OpenSSH_10.0", 2),
        ("SSH-2.0-OpenSSH_6.6.1", len(ENCRYPTION)),
        ("SSH-2.0-PuTTY_Release_0.81", len(ENCRYPTION)),
    ],
)
def test_openssh_alone_is_offered_the_fastest_ciphers_alone(version: str, offered: int) -> None:
    connection: Any = Connection(version)
    quicken(connection)
    connection._send_kexinit()
    assert [name.decode() for name in connection.proposed] == list(ENCRYPTION[:offered])


def test_who_waits_for_a_clients_version_hears_of_it() -> None:
    connection: Any = Connection("SSH-2.0-x")
    heard: list[str] = []
    quicken(connection, lambda: heard.append("version"))
    assert heard == []
    connection._send_kexinit()
    assert heard == ["version"]


def test_what_is_offered_to_the_upstream_stays_as_it_is() -> None:
    connection: Any = Connection("SSH-2.0-OpenSSH_9.9", server=False)
    quicken(connection)
    connection._send_kexinit()
    assert len(connection.proposed) == len(ENCRYPTION)


def test_packets_are_not_logged() -> None:
    part: Any = type("Part", (), {})()
    silence(part)
    assert part.log_sent_packet is part.log_received_packet
    assert part.log_sent_packet(94, 1, b"packet") is None


@pytest.mark.finding("ssh-F4")
@pytest.mark.parametrize("server", [True, False])
@pytest.mark.parametrize(
    ("version", "sent"),
    [
        ("SSH-2.0-OpenSSH_9.2p1 Debian-2", [(b"eow@openssh.com",)]),
        ("SSH-2.0-SSHJ_0.40.0", []),
        ("SSH-2.0-PuTTY_OpenSSH", []),
    ],
)
def test_end_of_write_is_a_request_without_an_answer_to_openssh_alone(
    server: bool, version: str, sent: list[tuple[bytes]]
) -> None:
    asked: list[tuple[Any, ...]] = []

    class Channel:
        def get_connection(self) -> Any:
            return Connection(version, server=server)

        def _send_request(self, *arguments: bytes) -> None:
            asked.append(arguments)

    channel: Any = Channel()
    send_end_of_write(channel)
    assert asked == sent


@pytest.mark.finding("ssh-F20")
@pytest.mark.parametrize("error", [asyncssh.ProtocolError("no"), PacketDecodeError("short")])
def test_a_request_that_cannot_be_read_fails_by_itself(error: Exception) -> None:
    class Channel:
        def _process_pty_req_request(self, packet: Any) -> bool:
            if packet.get_string() == b"":
                raise error
            return True

    channel: Any = Channel()
    fail_malformed(channel, TERMINAL, 4096)
    assert channel._process_pty_req_request(SSHPacket(String(""))) is False
    assert channel._process_pty_req_request(SSHPacket(String("xterm"))) is True
    assert channel._process_pty_req_request(SSHPacket(String("x" * 4096))) is False
