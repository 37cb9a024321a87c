"""A cluster to try things on by hand: `PYTHONPATH=tests .venv/bin/python -m support.cluster`, until Ctrl-C.

Its programs have to be there: `python -m scripts.cluster` makes them.
"""

import tempfile
import threading
from pathlib import Path

from support.cluster.programs import NEWEST, OLDER, kubectl
from support.cluster.running import NODE, running


def main() -> None:
    """Say how to reach it, and wait."""
    with tempfile.TemporaryDirectory(prefix="gatepass-cluster-") as name, running(Path(name)) as cluster:
        print(f"A cluster with the node {NODE}, which pods have to name; logs and audit.log are in {cluster.folder}.")
        print(f"export KUBECONFIG={cluster.admin}")
        for version in (NEWEST, OLDER):
            print(f"{kubectl(version)} get nodes")
        print("GATEPASS_TEST_CLUSTER=given runs the tests on it. Ctrl-C ends it.", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print()
