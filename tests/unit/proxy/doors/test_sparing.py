"""One line a minute, with what it stands for."""

import pytest

from proxy.doors import sparing
from proxy.doors.sparing import QUIET_S, SparingLog


@pytest.mark.finding("ssh-F6")
def test_one_line_a_minute_and_source_says_how_many_more_there_were() -> None:
    log = SparingLog()
    assert log.due("silent", "a", 0) == 0
    assert [log.due("silent", "a", second) for second in range(1, 11)] == [None] * 10
    assert log.due("silent", "b", 5) == 0
    assert log.due("refused", "a", 5) == 0
    assert log.due("silent", "a", QUIET_S) == 10
    assert log.due("silent", "a", QUIET_S + 1) is None


def test_it_remembers_no_more_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparing, "MOST_REMEMBERED", 2)
    log = SparingLog()
    assert [log.due("silent", source, 0) for source in "abc"] == [0, 0, 0]
    assert log.due("silent", "a", 1) == 0, "forgotten, so it is said again"
    assert log.due("silent", "c", 1) is None
