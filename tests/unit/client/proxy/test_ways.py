"""What a local port lets itself in with: one touch for the connections of minutes, and its own where none is taken."""

import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from client.access.choosing import Target
from client.errors import REFUSED, Failed
from client.kept.servers import Server
from client.proxy import ways
from client.proxy.ways import Ways


class Gate:
    """A server of one grant, which hands tokens that are numbered."""

    def __init__(self) -> None:
        self.grant: dict[str, Any] | None = {"id": "g1", "takes_touch": True, "connect": {"host": "gate"}}
        self.handed = 0
        self.now = 1000.0

    def lets_in(self, *_: object, **__: object) -> str:
        self.handed += 1
        return f"token {self.handed}"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate = Gate()

    class Api:
        def __init__(self, *_: object) -> None:
            self.server = Server("https://gate.example.com")

        def get(self, _: str) -> dict[str, Any]:
            return {"grants": gate.grant}

        def close(self) -> None: ...

    monkeypatch.setattr(ways, "Api", Api)
    monkeypatch.setattr(ways.secret, "read", lambda _: "secret")
    monkeypatch.setattr(ways.choosing, "open_grant", lambda found, _: found)
    monkeypatch.setattr(ways, "lets_in", gate.lets_in)
    monkeypatch.setattr(ways, "trusting", lambda _: ssl.create_default_context())
    monkeypatch.setattr(ways.folder, "read", lambda _: None)
    monkeypatch.setattr(ways.time, "monotonic", lambda: gate.now)
    return gate


@pytest.fixture
def meant() -> Ways:
    return Ways(Server("https://gate.example.com"), Target("payments-db", "read"), browser=False)


def test_one_touch_is_for_the_connections_of_a_while(gate: Gate, meant: Ways) -> None:
    assert [meant.way().token for _ in range(3)] == ["token 1"] * 3
    gate.now += 49
    assert meant.way().token == "token 1"
    gate.now += 2
    assert meant.way().token == "token 2"


def test_of_several_that_come_at_once_one_asks(gate: Gate, meant: Ways) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: meant.way().token, range(8)))
    assert (set(found), gate.handed) == ({"token 1"}, 1)


def test_it_is_for_its_grant_alone(gate: Gate, meant: Ways) -> None:
    meant.way()
    gate.grant = {"id": "g2", "takes_touch": True, "connect": {"host": "gate"}}
    assert meant.way().token == "token 2"


def test_where_none_is_taken_each_has_its_own(gate: Gate, meant: Ways) -> None:
    gate.grant = {"id": "g1", "connect": {"host": "gate"}}
    assert [meant.way().token for _ in range(2)] == ["token 1", "token 2"]


def test_a_cancel_takes_no_touch_and_brings_nothing(gate: Gate, meant: Ways) -> None:
    assert (meant.to_cancel().token, gate.handed) == (None, 0)


def test_what_is_kept_opens_nothing_once_the_access_is_over(gate: Gate, meant: Ways) -> None:
    meant.way()
    gate.grant = None
    with pytest.raises(Failed, match=r"is over\. Run `gatepass proxy payments-db` again") as failed:
        meant.way()
    assert failed.value.status == REFUSED
