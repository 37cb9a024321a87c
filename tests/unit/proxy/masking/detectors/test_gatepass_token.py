"""Short tokens of Gatepass's own, typed and as they are handed."""

from collections.abc import Callable

from access.identity.credentials import short_token
from proxy.masking.rules import DEFAULT_RULES, Masker


def test_a_token_that_is_typed_waits(typed: Callable[[bytes], bytes]) -> None:
    shown = typed(b"gp1_" + b"a1B2c3D" * 7 + b" ")
    assert b"a1B2c3D" not in shown
    assert shown.endswith(b" ")


def test_what_is_handed_is_masked() -> None:
    token = short_token.new()
    assert token[4:] not in Masker(DEFAULT_RULES).redact(f"PGPASSWORD={token}, and no more")
