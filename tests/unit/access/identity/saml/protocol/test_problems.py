"""Problems of SAML have sentences for people and words for the record."""

import pytest

from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem


@pytest.mark.parametrize("problem", SamlProblem)
def test_each_has_the_end_of_a_sentence(problem: SamlProblem) -> None:
    said = str(InvalidSaml(problem))
    assert said[0].islower()
    assert not said.endswith(".")


def test_a_word_of_the_provider_is_told() -> None:
    refused = InvalidSaml(SamlProblem.REFUSED, "AuthnFailed")
    assert str(refused).endswith("(AuthnFailed)")
    assert (refused.reason, refused.word) == (SamlProblem.REFUSED, "AuthnFailed")
