"""Rules and the Masker: what a policy may say, rows, columns, numbers, counts."""

import pytest

from access.policy.entities import Entity
from proxy.masking.edits import REDACTED
from proxy.masking.rules import DEFAULT_RULES, Masker, MaskingRule

CARD = "4111111111111111"
MASKED_CARD = "************1111"


def masker(*rules: MaskingRule) -> Masker:
    return Masker(rules or DEFAULT_RULES)


def test_a_rule_masks_something() -> None:
    with pytest.raises(ValueError, match="neither"):
        MaskingRule("nothing")


@pytest.mark.parametrize("digits", [-1, 5, 16])
def test_a_rule_shows_four_digits_at_most(digits: int) -> None:
    with pytest.raises(ValueError, match=r"0 to 4"):
        MaskingRule("cards", Entity.PAN, show_last=digits)


@pytest.mark.parametrize(("digits", "masked"), [(0, "*" * 16), (2, "*" * 14 + "11"), (4, MASKED_CARD)])
def test_digits_shown(digits: int, masked: str) -> None:
    rule = MaskingRule("cards", Entity.PAN, show_last=digits)
    assert masker(rule).text(f"{CARD}, 4111 1111 1111 1111").startswith(masked)
    assert masker(rule).cells([CARD.encode()]) == [masked.encode()]


def test_a_replacement_takes_the_forms_place() -> None:
    rule = MaskingRule("cards", Entity.PAN, replacement="[card]")
    assert masker(rule).text(f"a {CARD} b 4111-1111-1111-1111") == "a [card] b [card]"
    assert masker(rule).cells([CARD.encode(), b"x"]) == [b"[card]", b"x"]


def test_the_first_rule_for_an_entity_counts() -> None:
    rule = MaskingRule("mine", Entity.PAN, replacement="#")
    assert Masker([rule, *DEFAULT_RULES]).text(f"{CARD} cvv 123") == "# cvv ***"


def test_no_rules_mask_nothing() -> None:
    nothing = Masker([])
    assert nothing.text(CARD) is CARD
    assert nothing.cells([CARD.encode()]) == [CARD.encode()]
    assert not nothing.masks_number(CARD)


def test_text_without_hits_is_the_same_object() -> None:
    text, data = "nothing to see", b"nothing to see\xff\xfe"
    assert masker().text(text) is text
    assert masker().bytes(data) is data


def test_invalid_utf8_survives() -> None:
    assert masker().bytes(b"\xff" + CARD.encode() + b"\xc3") == b"\xff" + MASKED_CARD.encode() + b"\xc3"
    assert masker().text("\ud800" + CARD) == "\ud800" + MASKED_CARD


def test_counts_by_entity() -> None:
    counting = masker()
    counting.text(f"{CARD} and 5555555555554444, alice@example.com, cvv 123")
    counting.text("nothing")
    assert counting.counts == {"pan": 2, "email": 1, "cvv": 1}
    counting.redact(CARD)
    assert counting.counts["pan"] == 2


def test_counts_is_one_object_for_the_masker_s_life() -> None:
    counting = masker()
    counts = counting.counts
    counting.text(CARD)
    assert counts == {"pan": 1}


# --- columns -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cvv", "CVV2", "card_cvc", "Card_CVV", "cvv_code", "csc", "security_code"])
def test_columns_masked_by_name(name: str) -> None:
    rule = masker().column_rule(name)
    assert rule is not None
    assert rule.entity is Entity.CVV


@pytest.mark.parametrize("name", ["id", "name", "recv", "cv", "description", "?column?", ""])
def test_other_columns(name: str) -> None:
    assert masker().column_rule(name) is None


def test_whole_cells() -> None:
    rule = MaskingRule("national-ids", columns=("*SSN*", "national_id"))
    masking = masker(rule)
    assert masking.column_rule("ssn_no") is rule
    assert masking.column_rule("National_ID") is rule
    assert masking.whole(rule, b"078-05-1120") == REDACTED.encode()
    assert masking.whole(rule, None) is None
    assert masking.counts == {"national-ids": 1}


def test_a_column_s_replacement() -> None:
    rule = MaskingRule("names", columns=("name",), replacement="(hidden)")
    assert masker(rule).whole(rule, b"Ann") == b"(hidden)"


# --- rows --------------------------------------------------------------------------------------------------------


def test_cells_of_many_rows() -> None:
    row = [b"1", CARD.encode(), None, b"alice@example.com", b"", b"4111 1111 1111 1111", b"4"]
    masking = masker()
    form = [b"1", MASKED_CARD.encode(), None, b"a***@***", b"", b"**** **** **** 1111", b"4"]
    assert masking.cells(row * 50) == form * 50
    assert masking.counts == {"pan": 100, "email": 50}


def test_cells_without_hits_are_the_same_list() -> None:
    row: list[bytes | None] = [b"a", None, b"17"]
    assert masker().cells(row) is row
    assert masker().cells(tuple(row)) == row
    assert masker().cells([]) == []


def test_digits_are_not_joined_across_cells() -> None:
    row: list[bytes | None] = [b"4111", b"1111", b"1111", b"1111", None, b"11111111", b"cvv:", b"123"]
    assert masker().cells(row) is row


def test_a_cell_that_holds_the_border_itself() -> None:
    row = [b"a\x1fb", CARD.encode(), b"cvv: 123"]
    masking = masker()
    assert masking.cells(row) == [b"a\x1fb", MASKED_CARD.encode(), b"cvv: ***"]
    assert masking.counts == {"pan": 1, "cvv": 1}


# --- numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    [
        CARD,
        "-4111111111111111",
        "4111111111111111.00",
        "4.111111111111111e+15",
        "4.111111111111111E15",
        " 378282246310005 ",
    ],
)
def test_numbers_that_are_cards(number: str) -> None:
    assert masker().masks_number(number)


@pytest.mark.parametrize(
    "number",
    ["", "NaN", "Infinity", "4111111111111112", "4111111111111111.5", "1700000000000", "4006381333931", "1e400", "x"],
)
def test_numbers_that_are_none(number: str) -> None:
    assert not masker().masks_number(number)


# --- other entities ----------------------------------------------------------------------------------------------


def test_redact_knows_every_entity() -> None:
    text = f"{CARD} cvv 123 alice@example.com +44 20 7946 0958 DE89370400440532013000 078-05-1120 password=hunter2"
    redacted = masker().redact(text)
    for secret in ("41111111", "123 ", "example.com", "7946", "370400", "078", "hunter2"):
        assert secret not in redacted
    assert masker().redact("ticket OPS-123: restart the worker") == "ticket OPS-123: restart the worker"


def test_a_policy_can_name_every_entity() -> None:
    for entity in Entity:
        assert Masker([MaskingRule("one", entity)]).text("plain words") == "plain words"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (b"4111111111111111", b"************1111"),
        (b"Visa 4111111111111111", b"***"),
        (b"4111111111111112", b"***"),
        (b"1111111111111114", b"***"),
        (b"", b"***"),
    ],
)
def test_a_column_of_card_numbers_shows_their_last_digits_and_nothing_else(cell: bytes, shown: bytes) -> None:
    rule = MaskingRule("numbers", Entity.PAN, columns=("number",))
    assert masker(rule).whole(rule, cell) == shown
