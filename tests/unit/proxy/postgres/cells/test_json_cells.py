"""JSON stays JSON, whatever is masked in it."""

import json

import pytest

from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.postgres.cells.json_cells import JsonMasker

PAN = "4111111111111111"


@pytest.mark.parametrize(
    ("document", "masked"),
    [
        ({"a": PAN}, {"a": "************1111"}),
        ({"a": int(PAN), "b": [1, None, True]}, {"a": None, "b": [1, None, True]}),
        ([{"pan": int(PAN)}, "x"], [{"pan": None}, "x"]),
    ],
)
def test_members_are_masked(document: object, masked: object) -> None:
    found = JsonMasker(Masker(DEFAULT_RULES)).mask(json.dumps(document).encode())
    assert found is not None
    assert json.loads(found) == masked


def test_what_holds_nothing_is_the_same() -> None:
    cell = b'{"a": 1}'
    assert JsonMasker(Masker(DEFAULT_RULES)).mask(cell) is cell


def test_what_is_no_json_is_hidden() -> None:
    assert JsonMasker(Masker(DEFAULT_RULES)).mask(b"{" + PAN.encode()) is None
