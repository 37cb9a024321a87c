"""What an EXECUTE runs: all that its name may stand for."""

import pytest

from access.policy.labels import UNPARSEABLE
from proxy.postgres.sql.texts.executed import SEVERAL_COPIES, expand
from proxy.postgres.sql.texts.query import QueryAnalyser, QueryAnalysis


@pytest.fixture
def analyser() -> QueryAnalyser:
    return QueryAnalyser(lambda name: name == "cvv")


def test_execute_is_what_was_prepared(analyser: QueryAnalyser) -> None:
    prepared = analyser.analyse(b"delete from t")
    execute = analyser.analyse(b"explain analyze execute p")
    [facts] = expand(execute, lambda name: [prepared] if name == "p" else []).facts
    assert {"explain", "execute", "delete_without_where"} <= facts.labels


def test_execute_must_pass_in_the_parts_of_what_was_prepared(analyser: QueryAnalyser) -> None:
    prepared = analyser.analyse(b"prepare p as merge into t using s on true when matched then delete")
    [facts] = expand(analyser.analyse(b"execute p"), lambda _: [prepared]).facts
    whole, *parts = facts.parts
    assert {"execute", "prepare", "merge"} <= whole
    assert "delete" not in whole, "a rule that allows delete must not decide for MERGE"
    assert any({"merge", "delete", "writes:t"} <= part for part in parts)
    assert "table:t" in facts.unqualified


def test_execute_of_something_unknown_could_be_anything(analyser: QueryAnalyser) -> None:
    [facts] = expand(analyser.analyse(b"execute p"), lambda _: list[QueryAnalysis]()).facts
    assert UNPARSEABLE in facts.labels


def test_execute_inherits_a_refusal(analyser: QueryAnalyser) -> None:
    prepared = analyser.analyse(b"select cvv || '' from cards")
    assert expand(analyser.analyse(b"execute p"), lambda _: [prepared]).refusal == prepared.refusal is not None


def test_an_execute_of_a_copy_waits_for_rows_too() -> None:
    analyser = QueryAnalyser(lambda _: False)
    copy = analyser.analyse(b"copy t from stdin")
    assert expand(analyser.analyse(b"execute s"), lambda _: [copy]).may_copy_in


def test_an_execute_of_a_copy_sends_its_rows() -> None:
    analyser = QueryAnalyser(lambda _: False)
    copy, other = analyser.analyse(b"copy t (a) to stdout"), analyser.analyse(b"copy t (b) to stdout")
    execute, select = analyser.analyse(b"execute s"), analyser.analyse(b"select 1")

    def run(*prepared: QueryAnalysis) -> QueryAnalysis:
        return expand(execute, lambda _: prepared)

    for certain in (run(copy), run(copy, copy), run(select, copy)):
        assert [each.copy_out for each in certain.statements] == [copy.statements[0].copy_out]
        assert certain.refusal is None
    assert run(copy, other).refusal == SEVERAL_COPIES
    assert run(copy, analyser.analyse(b"no sql")).statements[0].copy_out is None
    assert run(select).statements[0].copy_out is None


def test_an_execute_of_an_execute_is_what_that_runs() -> None:
    analyser = QueryAnalyser(lambda _: False)
    prepared = {
        "a": b"delete from t",
        "b": b"execute a",
        "c": b"execute b",
        "self": b"execute self",
        "d": b"execute no",
    }

    def run(name: str) -> QueryAnalysis:
        asked = analyser.analyse(f"execute {name}".encode())
        return expand(asked, lambda name: [analyser.analyse(prepared[name])] if name in prepared else [])

    assert "delete_without_where" in run("c").facts[0].labels
    assert not run("c").facts[0].unreviewable
    assert run("c").facts[0].text.endswith("runs: execute b\nruns: execute a\nruns: delete from t")
    assert UNPARSEABLE not in run("self").facts[0].labels
    assert UNPARSEABLE in run("d").facts[0].labels
    prepared["a"] = b"copy t from stdin"
    assert run("c").may_copy_in
