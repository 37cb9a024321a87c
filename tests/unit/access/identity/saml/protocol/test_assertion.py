"""What an assertion says, its signature taken for good."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access.identity.saml.protocol.assertion import check_age
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from support.identity.saml import EMAIL, PASSWORD, at
from support.identity.saml_values import asserted, forge, registered

P = SamlProblem


def reason(**said: str) -> SamlProblem:
    with pytest.raises(InvalidSaml) as refused:
        asserted(forge(said=said))
    return refused.value.reason


def test_what_it_proves() -> None:
    found = asserted(forge(attributes={"mail": ["alice@example.com"], "memberOf": ["a", "b"]}))
    proven = found.proven
    assert (proven.subject, proven.email, proven.level) == ("u-alice", "alice@example.com", PASSWORD)
    assert (proven.provider_session, proven.claims["memberOf"]) == ("s1", ["a", "b"])
    assert timedelta(minutes=5) < found.until - datetime.now(UTC) < timedelta(minutes=6)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"until": at(-31)}, P.EXPIRED),
        ({"not_before": at(3600)}, P.NOT_YET_VALID),
        ({"issued": at(3600)}, P.NOT_YET_VALID),
        ({"audience": ""}, P.WRONG_AUDIENCE),
        ({"recipient": "https://evil.example"}, P.WRONG_RECIPIENT),
        ({"confirmed": ""}, P.UNSOLICITED),
        ({"confirmed": " InResponseTo=#_x#"}, P.OTHER_SIGN_IN),
        ({"method": "x"}, P.NO_BEARER),
        ({"statement": ""}, P.NO_AUTHENTICATION),
        ({"statement_more": f' SessionNotOnOrAfter="{at(-1)}"'}, P.EXPIRED),
        ({"level": "x" * 600}, P.MALFORMED),
        ({"conditions_more": "<saml:Condition/>"}, P.CONDITION),
    ],
)
def test_what_it_must_not_say(said: dict[str, str], problem: SamlProblem) -> None:
    assert reason(**said) is problem


def test_what_it_may_say() -> None:
    """Clocks may differ by a little, and some conditions are nothing that we need to do something about."""
    for said in ({"until": at(-10)}, {"not_before": at(10)}, {"conditions_more": "<saml:OneTimeUse/>"}):
        assert asserted(forge(said=said)).proven.subject == "u-alice"


def test_one_confirmation_of_several_is_enough() -> None:
    def both(made: str) -> str:
        return made.replace(
            "<saml:SubjectConfirmation ", '<saml:SubjectConfirmation Method="x"/><saml:SubjectConfirmation '
        )

    assert asserted(forge(before=both)).proven.subject == "u-alice"


def test_a_name_that_is_an_address() -> None:
    named: dict[str, Any] = {"said": {"format": EMAIL, "subject": "alice@example.com"}, "attributes": {}}
    assert asserted(forge(**named)).proven.email == "alice@example.com"
    # Where the policy names an attribute, no other word counts.
    assert asserted(forge(**named), registered(saml={"email_attribute": "mail"})).proven.email is None


def test_how_old_a_sign_in_may_be() -> None:
    now = datetime.now(UTC)
    proven = asserted(forge(said={"authn_instant": at(-100)})).proven
    check_age(proven, None, now)
    check_age(proven, 90, now)
    with pytest.raises(InvalidSaml) as refused:
        check_age(proven, 60, now)
    assert refused.value.reason is P.SIGNED_IN_TOO_LONG_AGO


def test_the_longest_confirmation_says_how_long_it_could_come_again() -> None:
    def both(made: str) -> str:
        [first] = re.findall("<saml:SubjectConfirmation .*</saml:SubjectConfirmation>", made)
        return made.replace(first, first + re.sub('NotOnOrAfter="[^"]*"', f'NotOnOrAfter="{at(900)}"', first))

    assert asserted(forge(before=both)).until - datetime.now(UTC) > timedelta(minutes=14)


def test_for_ever() -> None:
    last = "9999-12-31T23:59:59Z"
    assert asserted(forge(said={"until": last, "confirmed_until": last})).until.year == 9000
