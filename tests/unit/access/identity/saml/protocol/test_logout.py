"""What a logout request ends."""

from datetime import UTC, datetime

import pytest

from access.identity.saml.protocol.documents import read
from access.identity.saml.protocol.logout import LogoutAsked, read_logout
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from support.identity.saml import IDP, PERSISTENT, SAML_NS, at
from support.identity.saml_values import AUDIENCE, registered

ADDRESS = "https://gate.example.com/sign-out/corp/saml"
P = SamlProblem


def asked(
    *sessions: str, issued: str | None = None, more: str = "", address: str = ADDRESS, kind: str = "LogoutRequest"
) -> LogoutAsked:
    indexes = "".join(f"<samlp:SessionIndex>{each}</samlp:SessionIndex>" for each in sessions)
    text = (
        f'<samlp:{kind} {SAML_NS} ID="_l" Version="2.0" IssueInstant="{issued or at()}" Destination="{address}"{more}>'
        f'<saml:Issuer>{IDP}</saml:Issuer><saml:NameID Format="{PERSISTENT}">u1</saml:NameID>{indexes}</samlp:{kind}>'
    )
    now = datetime.now(UTC)
    return read_logout(read(text.encode()), registered(), audience=AUDIENCE, address=ADDRESS, now=now)


def test_the_sessions_that_it_names_or_all() -> None:
    assert [each.provider_session for each in asked("s1", "s2", "s1").ends] == ["s1", "s2"]
    [everything] = asked().ends
    assert (everything.subject, everything.provider_session, everything.issuer) == ("u1", None, IDP)
    assert everything.began_before > datetime.now(UTC)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"issued": at(-331)}, P.EXPIRED),
        ({"issued": at(3600)}, P.NOT_YET_VALID),
        ({"more": f' NotOnOrAfter="{at(-31)}"'}, P.EXPIRED),
        ({"address": "https://evil.example"}, P.WRONG_DESTINATION),
        ({"kind": "AuthnRequest"}, P.WRONG_KIND),
    ],
)
def test_what_is_none(changes: dict[str, str], problem: SamlProblem) -> None:
    with pytest.raises(InvalidSaml) as refused:
        asked(**changes)  # pyright: ignore[reportArgumentType]
    assert refused.value.reason is problem


def test_more_sessions_than_anybody_has_are_all_of_the_account() -> None:
    assert [each.provider_session for each in asked(*map(str, range(50))).ends] == [*map(str, range(50))]
    assert [each.provider_session for each in asked(*map(str, range(51))).ends] == [None]
    assert [each.provider_session for each in asked(*["x"] * 99).ends] == ["x"]


@pytest.mark.parametrize("sessions", [["x", "x" * 600], [""]])
def test_sessions_that_are_none(sessions: list[str]) -> None:
    with pytest.raises(InvalidSaml):
        asked(*sessions)
