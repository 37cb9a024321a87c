"""How long tokens live, and that they never outlive an access."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from access.policy.shapes.tokens import TokenForm, TokenTerms

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
END = NOW + timedelta(minutes=15)


def test_unless_the_policy_says_otherwise_a_token_is_signed_and_as_long_as_the_access() -> None:
    terms = TokenTerms()
    assert (terms.form, terms.until(NOW, END), terms.lifetime) == (TokenForm.SIGNED, END, None)


def test_a_lifetime_ends_it_before_the_access_and_never_after() -> None:
    terms = TokenTerms.model_validate({"form": "short", "lifetime": "5m"})
    assert terms.until(NOW, END) == NOW + timedelta(minutes=5)
    assert terms.until(END - timedelta(minutes=1), END) == END
    assert terms.lifetime == "5m"
    assert terms.model_dump(mode="json", by_alias=True, exclude_defaults=True) == {"form": "short", "lifetime": "5m"}


def test_form_and_lifetime_are_independent() -> None:
    assert TokenTerms.model_validate({"lifetime": "1m"}).form is TokenForm.SIGNED
    assert TokenTerms.model_validate({"form": "short"}).until(NOW, END) == END


@pytest.mark.parametrize("lifetime", ["59s", "0s", "24h1s", "forever", 300, True, ""])
def test_what_is_no_lifetime(lifetime: object) -> None:
    with pytest.raises(ValidationError):
        TokenTerms.model_validate({"lifetime": lifetime})


@pytest.mark.parametrize("form", ["jwt", "", None, ["short"]])
def test_what_is_no_form(form: object) -> None:
    with pytest.raises(ValidationError):
        TokenTerms.model_validate({"form": form})
