"""Fragments are read, refused with a reason, and collected into one release."""

from datetime import date
from pathlib import Path

import pytest

from scripts.changelog import FOLDER, PAGE, Malformed, main, read, release

OLD = "# Changelog\n\n## 0.1.0\n\n- Everything.\n"
DAY = date(2026, 12, 24)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "README.md").write_text("# How to\n")
    (tmp_path / PAGE).write_text(OLD)
    return tmp_path


def put(root: Path, name: str, text: str) -> None:
    (root / FOLDER / name).write_text(text)


def test_a_release_lists_changes_by_kind_above_the_older_ones(root: Path) -> None:
    put(root, "odd-cards.fixed.md", "Cards of 13 digits\nare masked.\n")
    put(root, "hold-all.added.md", "A rule may hold everything.\n")
    release(root, "0.2.0", DAY)
    added, fixed = "Added:\n\n- A rule may hold everything.\n", "Fixed:\n\n- Cards of 13 digits are masked.\n"
    new = f"## 0.2.0 (2026-12-24)\n\n{added}\n{fixed}"
    assert (root / PAGE).read_text() == OLD.replace("## 0.1.0", f"{new}\n## 0.1.0")
    assert [path.name for path in (root / FOLDER).iterdir()] == ["README.md"]


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("Odd.fixed.md", "So.", "is named otherwise"),
        ("odd.mended.md", "So.", "KIND one of security"),
        ("odd.md", "So.", "is named otherwise"),
        ("odd.fixed.txt", "So.", "is named otherwise"),
        ("odd.fixed.md", " \n", "says nothing"),
        ("odd.fixed.md", "- So.", "no list"),
        ("odd.fixed.md", "So.\n\nAnd so.", "more than one paragraph"),
        ("odd.fixed.md", "So", "without a full stop"),
        ("odd.fixed.md", "S" * 400 + ".", "longer than 400"),
    ],
)
def test_a_malformed_fragment_is_refused_with_the_reason(root: Path, name: str, text: str, wrong: str) -> None:
    put(root, name, text)
    with pytest.raises(Malformed, match=wrong):
        read(root)


def test_a_release_without_changes_or_for_the_second_time_is_refused(root: Path) -> None:
    with pytest.raises(Malformed, match="nothing to release"):
        release(root, "0.2.0", DAY)
    put(root, "odd-cards.fixed.md", "So.")
    with pytest.raises(Malformed, match=r"already has 0\.1\.0"):
        release(root, "0.1.0", DAY)
    assert (root / PAGE).read_text() == OLD


def test_checking_changes_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(root, "odd-cards.fixed.md", "So.")
    assert main(root, ["--check"]) == 0
    put(root, "odd-cards.mended.md", "So.")
    assert main(root, ["--check"]) == 1
    assert "changes/odd-cards.mended.md" in capsys.readouterr().err
    assert main(root, ["next"]) == 2
    assert (root / PAGE).read_text() == OLD
