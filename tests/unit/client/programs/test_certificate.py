"""A key and a certificate for one run: private while it runs, gone when it is over, however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from client.programs import certificate
from client.programs.certificate import Certificate, Files

#: Becomes a shell, which says where its files are and does what it is told.
RUN = """
import sys
from client.programs import certificate
from client.programs.certificate import Certificate
from client.programs.start import become
files = certificate.written(Certificate("KEY", "CERTIFICATE"))
certificate.remove_afterwards(files)
import os
become(["sh", "-c", sys.argv[1]], {**os.environ, "FOLDER": files.folder})
"""
PATIENCE_S = 30.0


def run(home: Path, script: str, **more: str) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), **more}
    here = str(Path(__file__).parents[4])
    return subprocess.Popen(
        [sys.executable, "-c", RUN, script], env=environment, stdout=subprocess.PIPE, text=True, cwd=here
    )


def gone(folder: Path) -> bool:
    until = time.monotonic() + PATIENCE_S
    while folder.exists() and time.monotonic() < until:
        time.sleep(0.01)
    return not folder.exists()


def test_files_are_private_and_gone_afterwards(tmp_path: Path) -> None:
    child = run(tmp_path, "echo $FOLDER; stat -c %a $FOLDER $FOLDER/*; cat $FOLDER/key.pem; exit 7")
    out, _ = child.communicate(timeout=PATIENCE_S)
    folder, *said = out.splitlines()
    assert said == ["700", "600", "600", "KEY"]
    assert child.returncode == 7, "the program's own"
    assert Path(folder).parent == tmp_path / ".config" / "gatepass" / "run"
    assert gone(Path(folder))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_also_after_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    child = run(tmp_path, "echo $FOLDER; exec sleep 600")
    assert child.stdout is not None
    folder = Path(child.stdout.readline().strip())
    assert folder.exists()
    child.send_signal(number)
    assert child.wait(PATIENCE_S) == -number
    assert gone(folder)
    child.stdout.close()


def test_the_program_has_no_child_that_it_did_not_start(tmp_path: Path) -> None:
    """One that waits for all of its children would never come to an end."""
    words = "import os; os.wait()"
    child = run(tmp_path, f'{sys.executable} -c "{words}" 2>&1 | tail -1; exec {sys.executable} -c "{words}" 2>&1')
    out, _ = child.communicate(timeout=PATIENCE_S)
    assert out.count("ChildProcessError") == 2


def test_without_the_systems_word_for_it_a_pipe_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    made: list[tuple[int, int]] = []
    pipe = os.pipe
    monkeypatch.setattr(os, "pipe", lambda: made.append(pipe()) or made[-1])
    over = certificate._end_of_this_process()  # pyright: ignore[reportPrivateUsage]
    [(_, other)] = made
    assert os.get_inheritable(other), "the program holds its other end"
    os.close(other)
    assert os.read(over, 1) == b""
    os.close(over)


def test_memory_is_taken_where_it_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    files = certificate.written(Certificate("k", "c"))
    assert Path(files.folder).parent == runtime / "gatepass"
    files.remove()
    runtime.chmod(0o755)
    assert Path(certificate.written(Certificate("k", "c")).folder).parent == tmp_path / ".config" / "gatepass" / "run"


def test_what_a_machine_left_that_went_down_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    old, running = (Path(certificate.written(Certificate("k", "c")).folder) for _ in range(2))
    os.utime(old, (0, 0))
    (tmp_path / "gatepass" / "run" / "socket").touch()
    os.utime(tmp_path / "gatepass" / "run" / "socket", (0, 0))
    certificate.written(Certificate("k", "c"))
    assert (old.exists(), running.exists()) == (False, True)
    assert (tmp_path / "gatepass" / "run" / "socket").exists()


def test_removing_what_is_gone_is_nothing(tmp_path: Path) -> None:
    Files(str(tmp_path / "none"), "k", "c").remove()
