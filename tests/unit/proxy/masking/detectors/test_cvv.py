"""Verification codes: none of their digits leaves before what follows them is known."""

from collections.abc import Callable

import pytest


@pytest.mark.parametrize("text", ["cvv: 123\n", '"cvc" : "1234"\n', "security code 123\n", "CVV2 => 987,\n"])
def test_a_code_that_is_typed_waits(typed: Callable[[bytes], bytes], text: str) -> None:
    shown = typed(text.encode()).decode()
    assert "***" in shown
    assert not set("1346789") & set(shown)
