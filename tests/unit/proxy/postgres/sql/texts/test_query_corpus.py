"""The corpus of statements over masked columns: each use is refused with what to write instead, no plain one is."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from proxy.postgres.sql.texts.executed import expand
from proxy.postgres.sql.texts.query import OUTDATED, QueryAnalyser, QueryAnalysis

CORPUS: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "corpus" / "masked_columns.yml").read_text())


def refusal(analyser: QueryAnalyser, sql: str) -> str | None:
    return analyser.analyse(sql.encode()).refusal


@pytest.mark.finding("pg-F1")
@pytest.mark.finding("pg-F12")
@pytest.mark.parametrize("sql", CORPUS["used"])
def test_a_use_is_refused(analyser: QueryAnalyser, sql: str) -> None:
    said = refusal(analyser, sql)
    assert said is not None
    assert "mask" in said


@pytest.mark.finding("pg-F1")
@pytest.mark.parametrize("script", CORPUS["scripts"], ids=str)
def test_a_use_of_what_the_session_made_is_refused(analyser: QueryAnalyser, script: list[str]) -> None:
    def prepared(name: str) -> list[QueryAnalysis]:
        found = [each for each in before if any(one.prepares == name for one in each.statements)]
        return [replace(each, refusal=OUTDATED) if analyser.is_outdated(each) else each for each in found]

    before: list[QueryAnalysis] = []
    for sql in script:
        analysis = expand(analyser.analyse(sql.encode()), prepared)
        before.append(analysis)
    assert any(each.refusal for each in before)


@pytest.mark.finding("pg-F15")
@pytest.mark.parametrize("sql", CORPUS["shown"])
def test_what_touches_no_masked_column_or_shows_it_runs(analyser: QueryAnalyser, sql: str) -> None:
    assert refusal(analyser, sql) is None


def test_the_corpus_is_whole() -> None:
    every: list[str] = [*CORPUS["used"], *CORPUS["shown"]]
    assert len(every) == len(set(every))
    assert len(CORPUS["used"]) >= 180
    assert len(CORPUS["shown"]) >= 80
