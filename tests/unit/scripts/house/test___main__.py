"""Known exceptions may only shrink, and the command answers by its exit code."""

from pathlib import Path

import pytest

from scripts.house.__main__ import main, unexpected
from scripts.house.tree import Finding

FINDINGS = [Finding("a.py", "a is wrong."), Finding("a.py", "a is wrong twice."), Finding("b.py", "b is wrong.")]


def test_what_is_not_known_is_told() -> None:
    assert unexpected(FINDINGS, frozenset({"b.py"})) == ["a is wrong.", "a is wrong twice."]


def test_a_known_exception_that_is_none_any_more_has_to_go() -> None:
    (sentence,) = unexpected(FINDINGS, frozenset({"a.py", "b.py", "c.py"}))
    assert sentence == "c.py is no exception any more: take it out of scripts/house/known.py."


def test_an_unknown_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(Path.cwd(), ["--wirte"]) == 2
    assert "usage" in capsys.readouterr().err
