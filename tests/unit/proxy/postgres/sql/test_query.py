"""Remembering judgements: never one that is another statement's."""

import pytest

from access.policy.labels import UNPARSEABLE
from proxy.postgres.sql.query import MAX_REMEMBERED, Judge, Judged, expand


@pytest.fixture
def judge() -> Judge:
    return Judge(lambda name: name == "cvv")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b"select 1", b"select 2"),
        (b"select a from t where b = 'x'", b"select a from t where b = ''"),
        (b"update t set a = 5, b = 'y' where c = 10", b"update t set a = 66, b = 'z;' where c = 1"),
        (b"select f(1, -2)", b"select f(33, -4)"),
    ],
)
def test_texts_of_one_shape_share_a_judgement(judge: Judge, first: bytes, second: bytes) -> None:
    judged = judge.judge(first)
    assert judge.remembered(second) is judged


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b"copy t to ''", b"copy t to '/etc/passwd'"),
        (b"select 'a'", b"select 'a' -- '"),
        (b"select 'a'", b"select 'a'; drop table t"),
        (b"select 'a'", rb"select '\'; drop table t; --'"),
        (b"select 'a'", b"select ''''"),
        (b"select '' || ''", b"select '' || '' from t"),
        (b"select a1", b"select a2"),
        (b"select 1.5", b"select 1.6"),
        (b"select $1", b"select $2"),
        (b"explain (analyze 0) delete from t", b"explain (analyze 1) delete from t"),
        (b'select "a1"', b'select "a2"'),
        (b"do 'x'", b"do 'select cvv'"),
    ],
)
def test_other_texts_do_not(judge: Judge, first: bytes, second: bytes) -> None:
    judge.judge(first)
    assert judge.remembered(second) is None


def test_a_judgement_is_the_same_remembered_or_not(judge: Judge) -> None:
    judge.judge(b"delete from t where a = 1")
    assert judge.remembered(b"delete from t where a = 2") == Judge(lambda _: False).judge(b"delete from t where a = 2")


def test_memory_is_bounded(judge: Judge) -> None:
    first = b"select c from t0"
    judge.judge(first)
    for number in range(MAX_REMEMBERED):
        judge.judge(b"select c from u%d" % number)
    assert judge.remembered(first) is None


def test_execute_is_what_was_prepared(judge: Judge) -> None:
    prepared = judge.judge(b"delete from t")
    execute = judge.judge(b"explain analyze execute p")
    [facts] = expand(execute, lambda name: [prepared] if name == "p" else []).facts
    assert {"explain", "execute", "delete_without_where"} <= facts.labels


def test_execute_of_something_unknown_could_be_anything(judge: Judge) -> None:
    [facts] = expand(judge.judge(b"execute p"), lambda _: list[Judged]()).facts
    assert UNPARSEABLE in facts.labels


def test_execute_inherits_a_refusal(judge: Judge) -> None:
    prepared = judge.judge(b"select cvv || '' from cards")
    assert expand(judge.judge(b"execute p"), lambda _: [prepared]).refusal == prepared.refusal is not None
