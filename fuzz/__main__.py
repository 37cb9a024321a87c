"""`make fuzz`: what reads bytes of strangers, fed with bytes that coverage leads to. `ARGS="shell --seconds 60"`.

Each target runs in a process of its own for its share of the time. What it may not do: raise anything that it does not
declare, break what it promises, take more than ten seconds over one input, or more than a gibibyte of memory.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz.targets import TARGETS

SECONDS = 600
#: Where inputs that failed are kept, to be run again: `ARGS="shell --input fuzz-findings/crash-…"`.
FINDINGS = Path("fuzz-findings")
MEMORY_MB = 1024
SLOWEST_INPUT_S = 10
LONGEST_INPUT = 4096


def main() -> int:
    """Runs the targets one after the other; 1 if any failed."""
    options = _options()
    chosen = options.targets or sorted(TARGETS)
    if options.input is not None:
        return subprocess.run([sys.executable, "-m", "fuzz.one", chosen[0], str(options.input)], check=False).returncode
    share = max(options.seconds // len(chosen), 1)
    failed = [name for name in chosen if not _runs(name, share)]
    print(f"{len(chosen) - len(failed)} of {len(chosen)} targets hold after {share} s each", flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}; the inputs are in {FINDINGS}/", file=sys.stderr)
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(sorted(TARGETS)))
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for all of them together")
    parser.add_argument("--input", type=Path, help="run one input that failed, without looking for others")
    options = parser.parse_args()
    for name in options.targets:
        if name not in TARGETS:
            parser.error(f"no target is called {name}; there are {', '.join(sorted(TARGETS))}")
    if options.input is not None and len(options.targets) != 1:
        parser.error("--input needs the one target that it is for")
    return options


def _runs(name: str, seconds: int) -> bool:
    FINDINGS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(TARGETS[name].seeds):
            (Path(folder) / f"seed-{number}").write_bytes(seed)
        words = Path(folder) / "words.txt"
        words.write_text("".join(f'"{_quoted(word)}"\n' for word in TARGETS[name].words))
        inputs = Path(folder) / "inputs"
        inputs.mkdir()
        command = [
            *(sys.executable, "-m", "fuzz.one", name, str(inputs), folder),
            f"-max_total_time={seconds}",
            f"-rss_limit_mb={MEMORY_MB}",
            f"-timeout={SLOWEST_INPUT_S}",
            f"-max_len={LONGEST_INPUT}",
            f"-artifact_prefix={FINDINGS}/{name}-",
            "-print_final_stats=1",
            "-verbosity=0",
        ]
        if TARGETS[name].words:
            command.append(f"-dict={words}")
        done = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace")
    ran = next((line.split()[-1] for line in done.stderr.splitlines() if "number_of_executed_units" in line), "?")
    peak = next((line.split()[-1] for line in done.stderr.splitlines() if "peak_rss_mb" in line), "?")
    print(f"{name:12} {'holds' if done.returncode == 0 else 'FAILED'}  {ran} inputs, {peak} MB at most", flush=True)
    if done.returncode:
        said = (done.stdout + done.stderr).splitlines()
        print("\n".join([line for line in said if not line.startswith(("INFO:", "WARNING:"))][:60]), file=sys.stderr)
    return done.returncode == 0


def _quoted(word: bytes) -> str:
    return "".join(chr(each) if 32 < each < 127 and each not in b'"\\' else f"\\x{each:02x}" for each in word)


if __name__ == "__main__":
    sys.exit(main())
