"""`python -m scripts.changelog VERSION`: put the fragments in changes/ at the head of CHANGELOG.md.

`--check` only reads them.

A fragment is a file changes/NAME.KIND.md with what somebody who runs Gatepass will notice, in a sentence or two. One
file a change, so that no two branches edit the same lines.
"""

import re
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

FOLDER = Path("changes")
PAGE = Path("CHANGELOG.md")

#: Kinds of change in the order in which a release lists them, with what stands above each.
KINDS = {"security": "Security", "removed": "Removed", "changed": "Changed", "added": "Added", "fixed": "Fixed"}
MOST_CHARACTERS = 400

_NAME = re.compile(rf"[a-z0-9][a-z0-9-]{{1,60}}\.({'|'.join(KINDS)})\.md")
_VERSION = re.compile(r"\d+\.\d+\.\d+")


class Fragment(NamedTuple):
    """One change, as people will read it."""

    path: Path
    kind: str
    text: str


class Malformed(Exception):
    """Fragments that cannot be collected; the message has a line for each."""


def read(root: Path) -> list[Fragment]:
    """Every fragment, by kind and name. Raises Malformed."""
    paths = [path for path in sorted((root / FOLDER).iterdir()) if path.name != "README.md"]
    if wrong := [f"{FOLDER}/{path.name}: {problem}" for path in paths for problem in _problems(path)]:
        raise Malformed("\n".join(wrong))
    found = [
        Fragment(path, path.name.split(".")[1], " ".join(path.read_text(encoding="utf-8").split())) for path in paths
    ]
    return sorted(found, key=lambda fragment: list(KINDS).index(fragment.kind))


def _problems(path: Path) -> list[str]:
    if not _NAME.fullmatch(path.name):
        return [f"is named otherwise than words-joined-by-dashes.KIND.md with KIND one of {', '.join(KINDS)}."]
    text = path.read_text(encoding="utf-8").strip()
    checks = {
        "says nothing.": not text,
        "is no plain sentence: no heading, no list.": text.startswith(("#", "-", "*")),
        "is more than one paragraph.": "\n\n" in text,
        "ends without a full stop.": bool(text) and not text.endswith("."),
        f"is longer than {MOST_CHARACTERS} characters.": len(text) > MOST_CHARACTERS,
    }
    return [problem for problem, is_so in checks.items() if is_so]


def release(root: Path, version: str, day: date) -> None:
    """Write the fragments into the changelog as `version`, and remove them. Raises Malformed, also without any."""
    page = (root / PAGE).read_text(encoding="utf-8")
    fragments = read(root)
    if not fragments:
        raise Malformed(f"{FOLDER}/ has no fragments, so there is nothing to release.")
    if re.search(rf"^## {re.escape(version)}\b", page, re.MULTILINE):
        raise Malformed(f"{PAGE} already has {version}.")
    head, _, rest = page.partition("\n## ")
    (root / PAGE).write_text(f"{head}\n{section(fragments, version, day)}\n## {rest}", encoding="utf-8")
    for fragment in fragments:
        fragment.path.unlink()


def section(fragments: list[Fragment], version: str, day: date) -> str:
    """The release as it stands in the changelog."""
    lines = [f"## {version} ({day.isoformat()})", ""]
    for kind, heading in KINDS.items():
        if of_kind := [f"- {fragment.text}" for fragment in fragments if fragment.kind == kind]:
            lines += [f"{heading}:", "", *of_kind, ""]
    return "\n".join(lines)


def main(root: Path, arguments: list[str]) -> int:
    """Check or collect; returns the exit code."""
    try:
        match arguments:
            case ["--check"]:
                read(root)
            case [version] if _VERSION.fullmatch(version):
                release(root, version, datetime.now(UTC).date())
            case _:
                print("usage: make changelog VERSION=0.2.0", file=sys.stderr)
                return 2
    except Malformed as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path.cwd(), sys.argv[1:]))
