"""What is wrong with a policy file, in sentences with lines. Pure; quotes names, never values that might be secrets."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from access.policy.checks import BETWEEN
from access.policy.document import TICKET_URL_PATTERN, MaskingEntry, Person, PolicyRule, SlackWorkspace
from access.policy.policy import Policy
from access.policy.resources import Resource
from access.policy.shapes.accounts import Certificate, RoleAdmin
from access.policy.shapes.base import NAME_PATTERN
from access.policy.shapes.groups import ProviderGroup, SlackGroup
from access.policy.shapes.proof import Requires
from access.policy.shapes.providers import OidcProvider, Saml, SamlProvider, Scim
from access.policy.shapes.roles import Role
from access.policy.shapes.statement_rules import StatementRule
from access.policy.shapes.upstreams import KubernetesUpstream, PostgresUpstream, SshUpstream
from access.policy.suggest import closest, did_you_mean
from access.policy.values.duration import format_duration
from access.policy.yaml_lines import Flaw, Position, Reading
from access.visible import visible_line
from storage.model import Protocol

_SHAPES: tuple[type[BaseModel], ...] = (
    Policy,
    SlackWorkspace,
    Resource,
    PostgresUpstream,
    SshUpstream,
    KubernetesUpstream,
    Role,
    RoleAdmin,
    Certificate,
    StatementRule,
    Person,
    ProviderGroup,
    SlackGroup,
    OidcProvider,
    SamlProvider,
    Saml,
    Scim,
    Requires,
    PolicyRule,
    MaskingEntry,
)
_PATTERNS = {
    NAME_PATTERN: "must be a name: lower-case letters, digits, dots, dashes and underscores, 63 at most",
    r"^[UW][A-Z0-9]{1,30}$": "must be a Slack member id, such as U012ABCDEF (profile, three dots, Copy member ID)",
    r"^[CG][A-Z0-9]{1,62}$": "must be a Slack channel id, such as C012ABCDEF (at the foot of the channel's details)",
    r"^S[A-Z0-9]{1,30}$": "must be the id of a Slack user group, such as S012ABCDEF (in the group's address)",
    r"^[TE][A-Z0-9]{1,30}$": "must be a Slack team id, such as T012ABCDEF",
    TICKET_URL_PATTERN: "must be an https:// address with {ticket} behind its host: https://tickets.example/{ticket}",
}


#: Where of the path of a group or a provider its kind stands: behind the section and its name.
_KIND = 2
_KINDS = {"groups": {"people", "provider", "slack"}, "providers": {"oidc", "saml"}}
_QUOTED = re.compile(r"'([^']+)'")
#: What `saml` stands in place of.
_OF_OPENID = frozenset({"issuer", "client_id", "client_secret", "scopes"})
#: Words of other tools for what this file says otherwise.
_SYNONYMS = {
    "approval": ("reviewed", "review"),
    "approve": ("reviewed", "review"),
    "approved": ("reviewed", "review"),
    "hold": ("review", "reviewed"),
    "held": ("review", "reviewed"),
    "auto": ("automatic",),
    "allow": ("automatic",),
    "allowed": ("allow", "automatic"),
    "deny": ("denied",),
    "block": ("deny", "denied"),
    "postgresql": ("postgres",),
    "mail": ("email",),
    "card": ("pan",),
}


@dataclass(frozen=True)
class PolicyError:
    """One thing that is wrong: `str` renders it as `gatepass.yml:12: policy.0.reviewers: …`."""

    file: str
    line: int | None
    column: int | None
    path: str
    message: str

    def __str__(self) -> str:
        line = f":{self.line}" if self.line is not None else ""
        path = f"{self.path}: " if self.path else ""
        return visible_line(f"{self.file}{line}: {path}{self.message}")


class PolicyErrors(Exception):
    """The policy file is not valid; `errors` has all that is wrong, in the order of the file."""

    def __init__(self, errors: Iterable[PolicyError]) -> None:
        self.errors = sorted(errors, key=lambda error: (error.line or 0, error.column or 0))
        super().__init__("\n".join(str(error) for error in self.errors))


def unreadable(file: Path, why: str) -> PolicyErrors:
    """The file as a whole cannot be read."""
    return PolicyErrors([PolicyError(str(file), None, None, "", why)])


def from_flaws(file: Path, flaws: Iterable[Flaw]) -> PolicyErrors:
    """What is wrong with the YAML itself."""
    return PolicyErrors(_error(file, flaw.position, flaw.path, flaw.message) for flaw in flaws)


def from_validation(file: Path, reading: Reading, details: Iterable[ErrorDetails]) -> PolicyErrors:
    """What is wrong with what the YAML says."""
    found: dict[tuple[str, str], PolicyError] = {}
    for detail in _without_echoes(list(details)):
        path = _path(detail)
        error = _error(file, reading.position(path), path, _sentence(detail))
        found.setdefault((error.path, error.message), error)
    return PolicyErrors(found.values())


def structural(error: ValidationError) -> bool:
    """Whether some part is malformed by itself, so that the parts were not compared with each other."""
    return any(detail["type"] != BETWEEN for detail in error.errors(include_input=False))


def _error(file: Path, position: Position | None, path: tuple[int | str, ...], message: str) -> PolicyError:
    line, column = (position.line, position.column) if position else (None, None)
    return PolicyError(str(file), line, column, ".".join(str(part) for part in path), message)


def _path(detail: ErrorDetails) -> tuple[int | str, ...]:
    """The place in the file: pydantic marks a bad key by a last part of its own, and a kind by one in between."""
    path = detail["loc"]
    of_shape = detail["type"] != BETWEEN and len(path) > _KIND
    if of_shape and path[_KIND] in _KINDS.get(str(path[0]), ()):
        path = (*path[:_KIND], *path[_KIND + 1 :])
    return path[:-1] if path and path[-1] == "[key]" else path


def _sentence(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        word = str(detail["loc"][-1])
        if word in _OF_OPENID and "saml" in detail["loc"]:
            return "is for OpenID providers: `saml` says all of it here, so drop one of the two"
        # Known elsewhere it would be suggested in place of itself.
        return f"is no key that is known here.{did_you_mean(word, {*_keys()} - {word})}"
    if kind == "enum":
        return _one_of(detail)
    if kind == "list_type":
        return _list_of(detail["input"])
    if kind == "string_pattern_mismatch" and (pattern := str(context.get("pattern"))) in _PATTERNS:
        return _PATTERNS[pattern]
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        return "must be a mapping of keys to values"
    if kind == "bool_type":
        return "must be true or false"
    if kind == "too_short":
        return "must not be empty"
    if "maximum_duration" in detail["loc"] and kind == "less_than_equal":
        return "must be 24h at most: access that lasts longer is standing access"
    if kind == "less_than_equal" and isinstance(detail["input"], str):
        # A duration: the bound is in seconds, and people write 7d.
        return f"must be {format_duration(int(context['le']))} at most"
    if kind == "greater_than_equal" and isinstance(detail["input"], str):
        return f"must be {format_duration(int(context['ge']))} at least"
    return detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")


def _without_echoes(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without "is missing" where the key stands there misspelt: one slip is one error."""
    misspelt = {
        (*detail["loc"][:-1], closest(str(detail["loc"][-1]), _keys()))
        for detail in details
        if detail["type"] == "extra_forbidden"
    }
    return [detail for detail in details if detail["type"] != "missing" or detail["loc"] not in misspelt]


def _one_of(detail: ErrorDetails) -> str:
    """The words that may stand there, and the one that was meant, as far as one can tell."""
    known = _QUOTED.findall(str(detail.get("ctx", {}).get("expected")))
    if detail["loc"][-1] == "type":
        known = [protocol.value for protocol in Protocol]
    word = str(detail["input"]).lower()
    meant = [other for other in _SYNONYMS.get(word, ()) if other in known]
    hint = f" Did you mean {meant[0]}?" if meant else did_you_mean(word, known)
    quoted = [f"'{each}'" for each in known]
    return f"must be {', '.join(quoted[:-1])} or {quoted[-1]}.{hint}"


def _list_of(given: object) -> str:
    if isinstance(given, str) and re.fullmatch(NAME_PATTERN, given):
        return f"must be a list: write [{given}]"
    return "must be a list: write [one, another]"


def _keys() -> Iterator[str]:
    for shape in _SHAPES:
        for name, field in shape.model_fields.items():
            yield field.validation_alias if isinstance(field.validation_alias, str) else name
