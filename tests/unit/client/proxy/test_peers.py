"""Whose the other end of a connection is."""

import os
import socket

from client.proxy import peers

TABLE = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:3E7F 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 0100007F:C350 0100007F:3E7F 01 00000000:00000000 00:00000000 00000000  1000        0 2 1
"""


def test_the_account_stands_in_the_table() -> None:
    assert peers.owner(TABLE, 0xC350, 0x3E7F) == 1000
    assert peers.owner(TABLE, 0xC351, 0x3E7F) is None
    assert peers.owner("", 1, 2) is None


def test_our_own_connection_is_ours() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        ports = client.getsockname()[1], server.getsockname()[1]
        assert peers.uid_of(*ports) == os.getuid()
        assert not peers.is_another_account(*ports)
