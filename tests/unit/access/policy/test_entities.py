"""Every entity that a policy may name has a detector, and the guide says what it is."""

from pathlib import Path

from access.policy.entities import Entity
from proxy.masking.registry import DETECTORS
from support.enumerations import lines_of, table_under

GUIDE = (Path(__file__).parents[4] / "docs" / "policy.md").read_text()


def test_every_entity_has_its_detector() -> None:
    assert set(DETECTORS) == set(Entity)


def test_the_guide_says_of_every_entity_what_its_line_says() -> None:
    lines = lines_of(Entity)
    assert set(lines) == set(Entity), "an entity has a line below it that says what it means"
    assert table_under(GUIDE, "### Entities") == lines
