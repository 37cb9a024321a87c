"""Files lie in memory, and memory is bounded."""

from slack_simulator.base.clock import Clock
from slack_simulator.workspace.files import KEPT_BYTES, Files


def test_old_contents_are_forgotten() -> None:
    """Memory is bounded; the newest stays."""
    files = Files(Clock())
    third = b"x" * (KEPT_BYTES // 3 + 1)
    kept = [files.announce(str(number), len(third), "U0SIMBOT", alt_text="", snippet_type=None) for number in range(4)]
    for file in kept:
        files.store(file, third)
    assert [file.content is not None for file in kept] == [False, False, True, True]
