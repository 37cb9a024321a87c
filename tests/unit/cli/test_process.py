"""What a process of ours allows others, asked of a real one: no dumps, no tracing, no files for all."""

import subprocess
import sys
from pathlib import Path

import pytest

CLOSED_UP = """
import ctypes, os, resource
from pathlib import Path
os.umask(0)
from cli import log, process
from cli.settings import LogFormat
process.close_up()
Path("made").write_text("x")
Path("old.log").touch(mode=0o644)
log.configure(LogFormat.TEXT, file=Path("old.log"))
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE))
print(oct(Path("made").stat().st_mode & 0o777), oct(Path("old.log").stat().st_mode & 0o777))
"""


@pytest.mark.finding("L2")
@pytest.mark.finding("L6")
@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_closed_process_dumps_nothing_and_makes_files_for_its_owner(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(Path(__file__).parents[3])}
    ran = subprocess.run(
        [sys.executable, "-c", CLOSED_UP], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "0 0 0\n0o600 0o600\n"


@pytest.mark.finding("L2")
def test_the_program_closes_up_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    from cli import main

    order: list[str] = []
    monkeypatch.setattr(main.process, "close_up", lambda: order.append("closed"))
    monkeypatch.setattr(main, "application", lambda _names: lambda: order.append("command"))
    main.main()
    assert order == ["closed", "command"]


def test_what_was_there_at_the_start_is_never_collected_again() -> None:
    counted = "import gc; from cli import process; process.settle(); print(gc.get_freeze_count() > 1000)"
    said = subprocess.run([sys.executable, "-c", counted], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "True"
