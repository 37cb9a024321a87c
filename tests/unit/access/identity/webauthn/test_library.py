"""What the library raises is a refusal, and never an error of ours."""

import pytest
from webauthn.helpers.exceptions import InvalidAuthenticationResponse

from access.identity.webauthn.library import verifying
from access.identity.webauthn.problems import InvalidTouch, TouchProblem


@pytest.mark.parametrize(
    ("raised", "why"),
    [
        (InvalidAuthenticationResponse('Unexpected client data origin "https://a.example"'), TouchProblem.OTHER_SITE),
        (InvalidAuthenticationResponse("Unexpected RP ID hash"), TouchProblem.OTHER_SITE),
        (InvalidAuthenticationResponse("User verification is required but …"), TouchProblem.NOT_VERIFIED),
        (KeyError("3"), TouchProblem.INVALID),
        (RecursionError(), TouchProblem.INVALID),
        (InvalidTouch(TouchProblem.CLONED), TouchProblem.CLONED),
    ],
)
def test_in_our_words(raised: Exception, why: TouchProblem) -> None:
    with pytest.raises(InvalidTouch) as problem, verifying():
        raise raised
    assert problem.value.reason is why


def test_an_interruption_is_none_of_its_business() -> None:
    with pytest.raises(KeyboardInterrupt), verifying():
        raise KeyboardInterrupt
