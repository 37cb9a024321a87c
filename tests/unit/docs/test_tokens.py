"""docs/tokens.md lists what is no ID token and no SAML response: every case of the tests, with its audited word."""

import importlib.util
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


def _module(*path: str) -> Any:
    """The tests of a file."""
    file = ROOT.joinpath("tests", *path)
    spec = importlib.util.spec_from_file_location(f"cases_of_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    cases: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cases)
    return cases


def _table(name: str) -> dict[str, str]:
    text = (ROOT / "docs" / "tokens.md").read_text(encoding="utf-8")
    table = text.partition(f"<!-- {name} -->")[2].partition(f"<!-- end of {name} -->")[0]
    rows = [line.strip("| ").split(" | ") for line in table.strip().splitlines()[2:]]
    return {case: word.strip("`") for case, word in rows}


def test_every_case_of_id_tokens_is_listed() -> None:
    cases = _module("unit", "access", "identity", "oidc", "test_id_token.py")
    assert _table("id tokens") == {name: reason.value for name, (_, reason) in (cases.FORMS | cases.SAID).items()}


def test_every_case_of_saml_responses_is_listed() -> None:
    cases = _module("live", "web", "saml", "test_refusals.py")
    assert _table("saml responses") == {name: problem.value for name, (_, problem) in cases.CASES.items()}
