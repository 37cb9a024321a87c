"""What a browser is sent to a provider with, and which answers belong to it."""

import base64
import hashlib
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from access.identity.oidc.authorization import MAX_CODE_CHARS, AnswerProblem, Attempt, InvalidAnswer
from access.identity.oidc.metadata import ProviderMetadata

ISSUER = "https://login.example.com"
CORP = ProviderMetadata(
    issuer=ISSUER,
    authorization_endpoint=f"{ISSUER}/authorize?tenant=1",
    token_endpoint=f"{ISSUER}/token",
    jwks_uri=f"{ISSUER}/keys",
    algorithms=["RS256"],
    names_itself=True,
)
QUIET = replace(CORP, names_itself=False)
ATTEMPT = Attempt(bytes(range(32)), "corp")
RIGHT: dict[str, list[str]] = {"code": ["c"], "state": [ATTEMPT.state], "iss": [ISSUER]}


def problem(answer: dict[str, Any], metadata: ProviderMetadata = CORP, attempt: Attempt = ATTEMPT) -> InvalidAnswer:
    with pytest.raises(InvalidAnswer) as refused:
        attempt.code(answer, metadata)
    return refused.value


def test_the_question_holds_no_secret() -> None:
    address = ATTEMPT.question(CORP, "gatepass", "https://gate.example.com/in?x=1&y=2", max_age_s=0, prompt="login")
    asked = parse_qs(urlsplit(address).query, strict_parsing=True)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(ATTEMPT.verifier.encode()).digest()).rstrip(b"=").decode()
    assert asked == {
        "tenant": ["1"],
        "response_type": ["code"],
        "client_id": ["gatepass"],
        "redirect_uri": ["https://gate.example.com/in?x=1&y=2"],
        "scope": ["openid email profile"],
        "state": [ATTEMPT.state],
        "nonce": [ATTEMPT.nonce],
        "code_challenge": [challenge],
        "code_challenge_method": ["S256"],
        "max_age": ["0"],
        "prompt": ["login"],
    }
    assert ATTEMPT.verifier not in address
    assert len(ATTEMPT.verifier) == 43


def test_each_sign_in_has_its_own_words_and_each_provider() -> None:
    words = [
        word
        for attempt in (Attempt.begin("corp"), Attempt.begin("corp"), ATTEMPT, replace(ATTEMPT, provider="other"))
        for word in (attempt.state, attempt.nonce, attempt.verifier)
    ]
    assert len(set(words)) == 12


@pytest.mark.parametrize("metadata", [CORP, QUIET])
def test_the_answer_to_it(metadata: ProviderMetadata) -> None:
    assert ATTEMPT.code(RIGHT, metadata) == "c"


def test_a_provider_that_never_names_itself_need_not() -> None:
    assert ATTEMPT.code({"code": ["c"], "state": [ATTEMPT.state]}, QUIET) == "c"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": ["another"]}, AnswerProblem.OTHER_SIGN_IN),
        ({"state": []}, AnswerProblem.OTHER_SIGN_IN),
        ({"state": [Attempt(bytes(range(32)), "other").state]}, AnswerProblem.OTHER_SIGN_IN),
        ({"state": ["ü"]}, AnswerProblem.OTHER_SIGN_IN),
        ({"iss": []}, AnswerProblem.OTHER_PROVIDER),
        ({"iss": ["https://other.example.com"]}, AnswerProblem.OTHER_PROVIDER),
        ({"iss": [f"{ISSUER}/"]}, AnswerProblem.OTHER_PROVIDER),
        ({"code": []}, AnswerProblem.MALFORMED),
        ({"code": [""]}, AnswerProblem.MALFORMED),
        ({"code": ["c", "d"]}, AnswerProblem.MALFORMED),
        ({"state": [ATTEMPT.state] * 2}, AnswerProblem.MALFORMED),
        ({"code": ["c" * (MAX_CODE_CHARS + 1)]}, AnswerProblem.MALFORMED),
        ({"code": ["c\r\nX: y"]}, AnswerProblem.MALFORMED),
    ],
)
def test_what_is_no_answer_to_it(change: dict[str, list[str]], reason: AnswerProblem) -> None:
    assert problem({**RIGHT, **change}).reason == reason


def test_a_provider_that_names_another_one_is_another_also_where_it_need_not() -> None:
    assert problem({**RIGHT, "iss": ["https://other.example.com"]}, QUIET).reason == AnswerProblem.OTHER_PROVIDER


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ("access_denied", "access_denied"),
        ("<script>", "unknown error"),
        ("x" * 65, "unknown error"),
        ("", "unknown error"),
    ],
)
def test_a_refusal_says_the_providers_word(error: str, shown: str) -> None:
    refused = problem({"state": [ATTEMPT.state], "iss": [ISSUER], "error": [error]})
    assert refused.reason is AnswerProblem.REFUSED
    assert str(refused) == f"The provider did not sign you in ({shown}). Sign in again."


def test_a_refusal_for_another_sign_in_tells_nothing() -> None:
    assert problem({"state": ["x"], "error": ["access_denied"]}).reason is AnswerProblem.OTHER_SIGN_IN
