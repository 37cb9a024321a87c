"""`make bench`: every figure; the gateway's as ratios to direct in the same run. `ARGS="ssh"` measures one room."""

import subprocess
import sys

ROOMS = ("cuts", "masking", "memory", "postgres", "simulator", "ssh", "stall", "starting")


def main() -> int:
    """Each room in a process of its own, so that none warms another's caches."""
    chosen = [room for room in ROOMS if room in sys.argv[1:]] or list(ROOMS)
    for room in chosen:
        print(f"--- {room}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"bench.{room}"], check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
