"""`slack-simulator --port 3000 --spec acme.json --manifest app.yml`: run a workspace until interrupted.

`python -m slack_simulator` is the same.
"""

import argparse
import asyncio
import contextlib
import sys
from dataclasses import replace
from pathlib import Path

from slack_simulator.server import SpecError, demo_spec, load_manifest, load_spec, serve


def main() -> int:
    """Read the arguments, run, and return the exit status."""
    called = Path(sys.argv[0]).stem
    parser = argparse.ArgumentParser(
        prog="python -m slack_simulator" if called == "__main__" else called,
        description="A local Slack workspace for trying and testing Slack apps.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--spec", type=Path, help="a JSON file that describes the workspace (default: a small demo)")
    parser.add_argument("--manifest", type=Path, help="the app's manifest, YAML or JSON (default: the app may do all)")
    arguments = parser.parse_args()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_run(arguments.host, arguments.port, arguments.spec, arguments.manifest))
    except (SpecError, ValueError, OSError) as problem:
        print(f"simulator: {problem}", file=sys.stderr)
        return 2
    return 0


async def _run(host: str, port: int, spec_path: Path | None, manifest_path: Path | None) -> None:
    spec = demo_spec() if spec_path is None else load_spec(spec_path)
    if manifest_path is not None:
        spec = replace(spec, manifest=load_manifest(manifest_path))
    async with serve(spec, host, port) as simulator:
        print(f"page       {simulator.url}/")
        print(f"base_url   {simulator.api_url}")
        print(f"bot token  {spec.bot_token}")
        print(f"app token  {spec.app_token}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
