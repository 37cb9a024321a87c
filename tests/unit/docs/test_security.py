"""docs/security.md claims what tests hold: each test that it names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "security.md"
_TEST = re.compile(r"`(?P<file>tests/[\w/]+\.py)(?:::(?P<name>\w+))?`")
#: A row with something in its middle column, that they cannot.
_CLAIM = re.compile(r"^\|[^|\n]*\|(?P<cannot>[^|\n]*)\|(?P<tests>[^|\n]*)\|$", re.MULTILINE)
#: Held by the program's shape: no test can show an absence.
_BY_SHAPE: set[str] = set()


@pytest.mark.parametrize("test", sorted({match[0] for match in _TEST.finditer(PAGE.read_text(encoding="utf-8"))}))
def test_each_test_that_is_named_is_there(test: str) -> None:
    named = _TEST.fullmatch(test)
    assert named is not None
    text = (ROOT / named["file"]).read_text(encoding="utf-8")
    assert named["name"] is None or f"def {named['name']}(" in text


def test_each_claim_names_one() -> None:
    claims = list(_CLAIM.finditer(PAGE.read_text(encoding="utf-8")))
    claims = [match for match in claims if match["cannot"].strip(" -") and match["cannot"].strip() != "they cannot"]
    bare = {match["cannot"].strip() for match in claims if not _TEST.search(match["tests"])}
    assert len(claims) > 15
    assert bare == _BY_SHAPE
