"""What we say ourselves."""

from datetime import UTC, datetime

import pytest

from access.identity.oidc.authorization import Attempt
from access.identity.saml.protocol.documents import read, saml, samlp
from access.identity.saml.protocol.messages import (
    Ourselves,
    logout_answer,
    may_be_relay_state,
    question,
    relay_state,
    request_id,
)
from access.identity.saml.protocol.names import PERSISTENT
from support.identity.saml_values import registered

OURS = Ourselves("https://gate.example.com", "corp")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_question_is_the_attempts_alone() -> None:
    attempt, other = Attempt.begin("corp"), Attempt.begin("corp")
    asked = read(question(attempt, OURS, registered(), "https://idp.example.com/sso", NOW, force=False))
    assert asked.get("ID") == request_id(attempt) != request_id(other)
    assert (asked.get("ForceAuthn"), asked.get("IssueInstant")) == (None, "2026-01-02T03:04:05Z")
    assert asked.find(saml("Issuer")).text == OURS.entity_id
    assert asked.find(samlp("NameIDPolicy")).get("Format") is None
    assert may_be_relay_state(relay_state(attempt))
    assert relay_state(attempt) not in request_id(attempt)
    assert not may_be_relay_state("x" * 42 + "/")


def test_who_is_found_by_a_name_needs_one_that_lasts() -> None:
    attempt = Attempt.begin("corp")
    asked = read(question(attempt, OURS, registered(identify="subject"), "https://x", NOW, force=True))
    assert (asked.get("ForceAuthn"), asked.find(samlp("NameIDPolicy")).get("Format")) == ("true", PERSISTENT)


@pytest.mark.parametrize(
    ("is_known", "codes"), [(True, ["Success"]), (False, ["Requester", "UnknownPrincipal"])], ids=["done", "nobody's"]
)
def test_the_answer_to_a_logout(is_known: bool, codes: list[str]) -> None:
    said = read(logout_answer("_n", "_asked", OURS, "https://idp.example.com/slo", NOW, is_known=is_known))
    assert (said.tag, said.get("InResponseTo")) == (samlp("LogoutResponse"), "_asked")
    assert [each.get("Value").rpartition(":")[2] for each in said.iter(samlp("StatusCode"))] == codes


def test_who_we_are() -> None:
    said = OURS.metadata("QUJD").decode()
    for each in (OURS.entity_id, OURS.acs, OURS.sign_out, "QUJD", 'WantAssertionsSigned="true"', "aes256-gcm"):
        assert each in said
