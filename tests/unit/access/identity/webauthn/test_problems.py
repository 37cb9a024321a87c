"""Every problem has a sentence for the person, and says nothing of what was sent."""

import pytest

from access.identity.webauthn.problems import InvalidTouch, NoKeysHere, TouchProblem


@pytest.mark.parametrize("problem", TouchProblem)
def test_a_sentence_each(problem: TouchProblem) -> None:
    said = str(InvalidTouch(problem))
    assert said.endswith(".")
    assert problem.value not in said or "_" not in problem.value


def test_where_there_are_no_keys() -> None:
    assert "https://10.0.0.1" in str(NoKeysHere.by_address("https://10.0.0.1"))
    assert "need https" in str(NoKeysHere.unencrypted("http://gate.example.com"))
