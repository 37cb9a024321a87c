"""What people type after `/access`, read into a command. Pure; knows words, not who may have what.

    /access <resource> <role> <duration> [ticket] [reason …]
    /access list
    /access waiting
    /access revoke <id> [reason …]
    /access cancel <id>|all [reason …]
    /access help
    /access                                   (the form)

A resource could be called `list`; these words win, and the form reaches such a resource.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from access.policy.duration import InvalidDuration, parse_duration
from access.policy.resources import Resource
from access.policy.suggest import did_you_mean
from bot.blocks.request_form import Draft

#: An issue tracker's key: PROJECT-123.
TICKET = re.compile(r"[A-Z][A-Z0-9]+-[0-9]+\Z")

_TOKEN = re.compile(
    r"<(?P<sign>[@#])?(?P<target>(?(sign)[A-Z0-9]+|(?:https?://|mailto:)[^\s<>|]+))(?:\|(?P<label>[^<>]*))?>"
)
#: In place of an id: every request of mine that is pending.
ALL = "all"
_KEYWORDS = ("list", "waiting", "revoke", "cancel", "help")
_LONGEST_ECHO = 60


@dataclass(frozen=True)
class AskFor:
    """A whole request; names are known to the policy, the duration is read."""

    resource: str
    role: str
    duration_s: int
    ticket: str | None
    reason: str


@dataclass(frozen=True)
class OpenForm:
    """Something is missing or wrong: show the form with what was understood, and say what was not."""

    draft: Draft
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True)
class ListMine:
    """Show my grants and requests."""


@dataclass(frozen=True)
class ListWaiting:
    """Show what waits for my review."""


@dataclass(frozen=True)
class Revoke:
    """End one grant early; `identifier` is what was typed, whole or shortened."""

    identifier: str
    reason: str


@dataclass(frozen=True)
class Cancel:
    """Withdraw one request that nobody decided yet; `identifier` is what was typed, whole or shortened, or ALL."""

    identifier: str
    reason: str


@dataclass(frozen=True)
class Help:
    """Say how the command is used; `trouble` says why nobody asked for it."""

    trouble: str = ""


Command = AskFor | OpenForm | ListMine | ListWaiting | Revoke | Cancel | Help


def read_command(text: str, resources: Mapping[str, Resource]) -> Command:
    """The command in what was typed. Never fails: what cannot be read becomes a form or help that says so."""
    text = as_typed(text)
    words = text.split()
    if not words:
        return OpenForm(Draft())
    keyword = words[0].lower()
    readers: dict[str, Callable[[list[str]], Command]] = {
        "list": _list,
        "waiting": _waiting,
        "revoke": _revoke,
        "cancel": _cancel,
        "help": lambda _: Help(),
    }
    if keyword in readers:
        return readers[keyword](words[1:])
    if len(words) == 1 and keyword not in resources:
        return _one_unknown_word(words[0], resources)
    return _request(text, resources)


def as_typed(text: str) -> str:
    """What the person saw in the input box; Slack sends mentions and links as tokens and escapes the rest.

    docs.slack.dev, "Implementing slash commands": should_escape turns @ann into <@U1|ann> and a link into <https://…>.
    """
    without_tokens = _TOKEN.sub(lambda token: f"{token['sign'] or ''}{token['label'] or token['target']}", text)
    return without_tokens.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def unknown_resource(name: str, resources: Mapping[str, Resource]) -> str:
    """A sentence, quoting what was typed."""
    return f"There is no resource called {_quoted(name)}.{did_you_mean(name, resources)}"


def unknown_role(name: str, resource: Resource) -> str:
    """A sentence, naming the roles there are."""
    roles = ", ".join(sorted(resource.roles))
    return f"{resource.name} has no role called {_quoted(name)}; it has {roles}.{did_you_mean(name, resource.roles)}"


def _list(rest: list[str]) -> Command:
    return ListMine() if not rest else Help("list stands alone, without further words.")


def _waiting(rest: list[str]) -> Command:
    return ListWaiting() if not rest else Help("waiting stands alone, without further words.")


def _revoke(rest: list[str]) -> Command:
    if not rest:
        return Help("revoke needs the id of a grant; list shows yours.")
    return Revoke(identifier=rest[0].lower(), reason=" ".join(rest[1:]))


def _cancel(rest: list[str]) -> Command:
    if not rest:
        return Help("cancel needs the id of a request, or all; list shows yours.")
    return Cancel(identifier=rest[0].lower(), reason=" ".join(rest[1:]))


def _one_unknown_word(word: str, resources: Mapping[str, Resource]) -> Command:
    """A lone unknown word is as likely a misspelt keyword as a misspelt resource."""
    close = did_you_mean(word, [*resources, *_KEYWORDS])
    return OpenForm(Draft(), (f"I don't know {_quoted(word)}.{close}",))


def _request(text: str, resources: Mapping[str, Resource]) -> Command:
    resource_word, role_word, duration_word, *rest = [*text.split(maxsplit=3), "", "", ""][:4]
    ticket, reason = _ticket_and_reason(rest[0] if rest else "")
    troubles: list[str] = []
    resource = resources.get(resource_word.lower())
    if resource is None:
        troubles.append(unknown_resource(resource_word, resources))
    role = role_word.lower()
    if not role_word:
        troubles.append("A role is missing.")
    elif resource is not None and role not in resource.roles:
        troubles.append(unknown_role(role_word, resource))
    duration_s, trouble = _duration(duration_word)
    if trouble:
        troubles.append(trouble)
    if resource is not None and duration_s is not None and not troubles:
        return AskFor(resource.name, role, duration_s, ticket, reason)
    name = resource.name if resource is not None else ""
    return OpenForm(Draft(name, role, duration_word, reason, ticket or ""), tuple(troubles))


def _duration(word: str) -> tuple[int | None, str]:
    try:
        return parse_duration(word), ""
    except InvalidDuration as problem:
        return None, str(problem)


def _ticket_and_reason(rest: str) -> tuple[str | None, str]:
    first, *after = rest.split(maxsplit=1) or [""]
    return (first, after[0] if after else "") if TICKET.match(first) else (None, rest)


def _quoted(word: str) -> str:
    return repr(word if len(word) <= _LONGEST_ECHO else word[:_LONGEST_ECHO] + "…")
