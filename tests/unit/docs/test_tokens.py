"""docs/tokens.md lists what is no ID token: every case of the tests, with the word that it is audited by."""

import importlib.util
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


def _cases() -> dict[str, str]:
    path = ROOT / "tests" / "unit" / "access" / "identity" / "oidc" / "test_id_token.py"
    spec = importlib.util.spec_from_file_location("cases_of_id_tokens", path)
    assert spec is not None
    assert spec.loader is not None
    cases: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cases)
    return {name: reason.value for name, (_, reason) in (cases.FORMS | cases.SAID).items()}


def test_every_case_is_listed() -> None:
    text = (ROOT / "docs" / "tokens.md").read_text(encoding="utf-8")
    table = text.partition("<!-- id tokens -->")[2].partition("<!-- end of id tokens -->")[0]
    rows = [line.strip("| ").split(" | ") for line in table.strip().splitlines()[2:]]
    assert {name: word.strip("`") for name, word in rows} == _cases()
