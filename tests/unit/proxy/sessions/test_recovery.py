"""The counters of an interrupted session, from its recording."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from proxy.sessions.recovery import recount
from storage.model import Protocol, Session
from storage.recordings.files import RecordingDamaged


def session(protocol: Protocol, **saved: Any) -> Session:
    return Session(grant_id=uuid4(), instance_id=1, protocol=protocol, client_address="127.0.0.1:1", **saved)


def sql(kind: str, verdict: str) -> dict[str, Any]:
    return {"t": 1, "type": "statement", "kind": kind, "text": "…", "verdict": verdict}


def test_statements_rows_holds_and_denials_are_counted() -> None:
    records = [sql("select", "allow"), {"t": 1, "type": "rows", "rows": [[1], [2]]}, sql("ddl", "review")]
    records += [sql("ddl", "expired"), sql("copy", "deny")]
    counters = recount(session(Protocol.POSTGRES), records)
    assert counters.statements == {"select": 1, "ddl": 1, "copy": 1}
    assert (counters.rows, counters.held, counters.denied) == (2, 1, 2)


@pytest.mark.parametrize("protocol", [Protocol.SSH, Protocol.KUBERNETES])
def test_markers_of_a_cast_are_counted(protocol: Protocol) -> None:
    records = [
        [0.1, "m", "exec: ls"],
        [0.2, "o", "m"],
        [0.3, "m", "exec (review): rm x"],
        [0.4, "m", "exec (denied): rm x"],
    ]
    counters = recount(session(protocol), records)
    assert counters.statements == {"exec": 2}
    assert (counters.held, counters.denied) == (1, 1)


def test_what_was_saved_is_never_less_and_damage_stops_the_count() -> None:
    def records() -> Iterator[Any]:
        yield sql("select", "allow")
        raise RecordingDamaged("Segment 00000.jsonl is damaged at line 3.")

    counters = recount(session(Protocol.POSTGRES, rows=7, held=2, denied=1, masked={"pan": 3}, bytes_out=9), records())
    assert counters.statements == {"select": 1}
    assert (counters.rows, counters.held, counters.denied) == (7, 2, 1)
    assert (counters.masked, counters.bytes_out) == ({"pan": 3}, 9)
