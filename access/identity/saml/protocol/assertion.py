"""A verified assertion: whether it is proof of a sign-in that was asked for, and what it says (saml-core 2.3). Pure.

Everything of it is compared with what this sign-in knows: the provider, who we are, where it was to be brought, the
question that it answers, the clock.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from access.identity.proven import LEEWAY, SignIn
from access.identity.saml.protocol.attributes import Attributes
from access.identity.saml.protocol.documents import Element, at_most_one, moment, only, saml, text_of
from access.identity.saml.protocol.names import name_id
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from access.identity.saml.protocol.response import VERSION, check_issuer
from access.identity.saml.protocol.signatures import Signed
from access.policy.shapes.providers import SamlProvider

_BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
#: What a service provider needs to do nothing about (saml-core 2.5.1).
_HARMLESS: Final = frozenset({saml("OneTimeUse"), saml("ProxyRestriction")})
_MAX_LEVEL_CHARS: Final = 512
_MAX_SESSION_CHARS: Final = 512


@dataclass(frozen=True)
class Expected:
    """What this sign-in knows."""

    provider: SamlProvider
    #: What the provider calls us.
    audience: str
    acs: str
    in_response_to: str


@dataclass(frozen=True)
class Asserted:
    """Who signed in, and for how long the assertion could come again."""

    id: str
    proven: SignIn
    until: datetime


def read_assertion(signed: Signed, expected: Expected, now: datetime) -> Asserted:
    """What an assertion whose signature was verified proves at `now`. Raises InvalidSaml."""
    root = signed.root
    if root.tag != saml("Assertion") or root.get("Version") != VERSION:
        raise InvalidSaml(SamlProblem.WRONG_KIND)
    check_issuer(only(root, saml("Issuer")), expected.provider.issuer)
    issued_at = moment(root.get("IssueInstant"))
    if issued_at > now + LEEWAY:
        raise InvalidSaml(SamlProblem.NOT_YET_VALID)
    until = _check_conditions(only(root, saml("Conditions")), expected, now)
    subject = only(root, saml("Subject"))
    until = max(until, _check_bearer(subject, expected, now))
    name = name_id(subject, expected.provider, expected.audience)
    statement = at_most_one(root, saml("AuthnStatement"))
    if statement is None:
        raise InvalidSaml(SamlProblem.NO_AUTHENTICATION)
    signed_in_at = moment(statement.get("AuthnInstant"))
    if signed_in_at > now + LEEWAY:
        raise InvalidSaml(SamlProblem.NOT_YET_VALID)
    ends_at = moment(statement.get("SessionNotOnOrAfter")) if statement.get("SessionNotOnOrAfter") else None
    if ends_at is not None and ends_at <= now:
        raise InvalidSaml(SamlProblem.EXPIRED)
    attributes = Attributes.read(root)
    email = attributes.email(expected.provider.saml.email_attribute) or name.address(expected.provider)
    proven = SignIn(
        issuer=expected.provider.issuer,
        subject=name.account,
        issued_at=issued_at,
        signed_in_at=signed_in_at,
        methods=(),
        level=_level(statement),
        provider_session=_short((statement.get("SessionIndex") or "").strip(), _MAX_SESSION_CHARS),
        email=email,
        email_verified=False,
        claims=attributes.claims,
        ends_at=ends_at,
    )
    return Asserted(signed.name, proven, until + LEEWAY)


def check_age(proven: SignIn, max_age_s: int | None, now: datetime) -> None:
    """That the person was asked themselves, by then. Raises InvalidSaml."""
    if max_age_s is None:
        return
    if proven.signed_in_at is None or now - proven.signed_in_at > timedelta(seconds=max_age_s) + LEEWAY:
        raise InvalidSaml(SamlProblem.SIGNED_IN_TOO_LONG_AGO)


def _check_window(element: Element, now: datetime) -> datetime | None:
    """NotBefore and NotOnOrAfter; returns the latter."""
    begins, ends = element.get("NotBefore"), element.get("NotOnOrAfter")
    if begins is not None and moment(begins) > now + LEEWAY:
        raise InvalidSaml(SamlProblem.NOT_YET_VALID)
    until = None if ends is None else moment(ends)
    if until is not None and until <= now - LEEWAY:
        raise InvalidSaml(SamlProblem.EXPIRED)
    return until


def _check_conditions(conditions: Element, expected: Expected, now: datetime) -> datetime:
    """That they hold, and that it is for us. What is not known does not hold (saml-core 2.5.1.1)."""
    until = _check_window(conditions, now)
    restrictions = conditions.findall(saml("AudienceRestriction"))
    for each in restrictions:
        if expected.audience not in [text_of(audience) for audience in each.findall(saml("Audience"))]:
            raise InvalidSaml(SamlProblem.WRONG_AUDIENCE)
    if not restrictions:
        raise InvalidSaml(SamlProblem.WRONG_AUDIENCE)
    if any(each.tag not in {saml("AudienceRestriction"), *_HARMLESS} for each in conditions):
        raise InvalidSaml(SamlProblem.CONDITION)
    return until or now


def _check_bearer(subject: Element, expected: Expected, now: datetime) -> datetime:
    """That whoever brings it may (saml-profiles-2.0 4.1.4.2), by one confirmation at least; until when by any."""
    problem, good = SamlProblem.NO_BEARER, list[datetime]()
    for each in subject.findall(saml("SubjectConfirmation")):
        if each.get("Method") != _BEARER:
            continue
        try:
            good.append(_confirmed(only(each, saml("SubjectConfirmationData")), expected, now))
        except InvalidSaml as error:
            problem = error.reason
    if not good:
        raise InvalidSaml(problem)
    return max(good)


def _confirmed(data: Element, expected: Expected, now: datetime) -> datetime:
    if data.get("Recipient") != expected.acs:
        raise InvalidSaml(SamlProblem.WRONG_RECIPIENT)
    if data.get("InResponseTo") is None:
        raise InvalidSaml(SamlProblem.UNSOLICITED)
    if data.get("InResponseTo") != expected.in_response_to:
        raise InvalidSaml(SamlProblem.OTHER_SIGN_IN)
    until = _check_window(data, now)
    if until is None or data.get("NotBefore") is not None:
        raise InvalidSaml(SamlProblem.NO_BEARER)
    return until


def _level(statement: Element) -> str | None:
    context = at_most_one(statement, saml("AuthnContext"))
    if context is None:
        raise InvalidSaml(SamlProblem.NO_AUTHENTICATION)
    reference = at_most_one(context, saml("AuthnContextClassRef"))
    return None if reference is None else _short(text_of(reference), _MAX_LEVEL_CHARS)


def _short(text: str | None, most: int) -> str | None:
    if text is None or not text:
        return None
    if len(text) > most or not text.isprintable():
        raise InvalidSaml(SamlProblem.MALFORMED)
    return text
