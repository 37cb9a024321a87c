"""What people type after `/access`, read into a command. Pure; of names it knows those that the speaker may ask for.

    /access <resource> <role> <duration> [ticket] [reason …]
    /access <role>@<resource> <duration> [ticket] [reason …]      as one types it to connect
    /access list
    /access waiting
    /access revoke <id> [reason …]
    /access cancel <id>|all [reason …]
    /access help
    /access                                   (the form)

A resource could be called `list`; these words win, and the form reaches such a resource. What is not there and what no
rule gives the speaker are answered alike, so nobody learns names by asking.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from access.policy.suggest import closest, did_you_mean
from access.policy.values.duration import InvalidDuration, parse_duration
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
_FOR = re.compile(r"\Afor\s+(?=[0-9])", re.IGNORECASE)
_SPOKEN = re.compile(
    r"(?P<amount>[0-9]{1,6})\s*(?P<unit>seconds?|secs?|minutes?|mins?|hours?|hrs?|days?)(?!\S)", re.IGNORECASE
)


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
    #: A resource or a role was named that the speaker may not ask for.
    is_unknown: bool = False


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


#: What the speaker may ask for: the roles on each resource.
Offers = Mapping[str, Collection[str]]


def read_word(text: str) -> Command | None:
    """The command that needs to know nobody: a word of its own, or nothing typed. None: something is asked for."""
    words = as_typed(text).split()
    if not words:
        return OpenForm(Draft())
    readers: dict[str, Callable[[list[str]], Command]] = {
        "list": _list,
        "waiting": _waiting,
        "revoke": _revoke,
        "cancel": _cancel,
        "help": lambda _: Help(),
    }
    reader = readers.get(words[0].lower())
    return None if reader is None else reader(words[1:])


def read_command(text: str, offers: Offers) -> Command:
    """The command in what was typed. Never fails: what cannot be read becomes a form or help that says so."""
    found = read_word(text)
    if found is not None:
        return found
    text = as_typed(text)
    words = text.split()
    if len(words) == 1 and "@" not in text and words[0].lower() not in offers:
        return _one_unknown_word(words[0], offers)
    return _request(text, offers)


def as_typed(text: str) -> str:
    """What the person saw in the input box; Slack sends mentions and links as tokens and escapes the rest.

    docs.slack.dev, "Implementing slash commands": should_escape turns @ann into <@U1|ann> and a link into <https://…>.
    """
    without_tokens = _TOKEN.sub(lambda token: f"{token['sign'] or ''}{token['label'] or token['target']}", text)
    return without_tokens.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def unknown_resource(name: str, offers: Offers) -> str:
    """A sentence, quoting what was typed."""
    return f"There is no resource called {_quoted(name)} that you may ask for.{did_you_mean(name, offers)}"


def unknown_role(name: str, resource: str, roles: Collection[str]) -> str:
    """A sentence, naming the roles that the speaker may ask for."""
    may = f"{'there is' if len(roles) == 1 else 'there are'} {', '.join(sorted(roles))}"
    sentence = f"{resource} has no role called {_quoted(name)} that you may ask for; {may}."
    return sentence + did_you_mean(name, roles)


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


def _one_unknown_word(word: str, offers: Offers) -> Command:
    """A lone unknown word is as likely a misspelt keyword as a misspelt resource."""
    close = closest(word, [*offers, *_KEYWORDS])
    trouble = f"I don't know {_quoted(word)}.{did_you_mean(word, [*offers, *_KEYWORDS])}"
    if close in _KEYWORDS:
        return Help(trouble)
    return OpenForm(Draft(close or ""), (trouble,))


def _request(text: str, offers: Offers) -> Command:
    resource_word, role_word, rest = _door(text, offers)
    duration_word, rest = _duration_word(rest)
    ticket, reason = _ticket_and_reason(rest)
    resource, troubles = _resource(resource_word, offers)
    role = role_word.lower()
    if not role_word:
        troubles.append("A role is missing.")
    elif resource and role not in offers[resource]:
        if not troubles:
            troubles.append(unknown_role(role_word, resource, offers[resource]))
        role = closest(role, offers[resource]) or role
    duration_s, trouble = _duration(duration_word)
    if trouble:
        troubles.append(trouble)
    if duration_s is not None and not troubles:
        return AskFor(resource, role, duration_s, ticket, reason)
    unknown = role_word.lower() not in offers.get(resource_word.lower(), (role_word.lower(),) if not role_word else ())
    return OpenForm(Draft(resource, role, duration_word, reason, ticket or ""), tuple(troubles), unknown)


def _door(text: str, offers: Offers) -> tuple[str, str, str]:
    """Resource and role in either order, or as `role@resource`; and what follows."""
    first, *after = text.split(maxsplit=1)
    if "@" in first:
        role, _, resource = first.partition("@")
        return resource, role, after[0] if after else ""
    resource, role, rest = [*text.split(maxsplit=2), "", ""][:3]
    if resource.lower() not in offers and resource.lower() in offers.get(role.lower(), ()):
        return role, resource, rest
    return resource, role, rest


def _resource(word: str, offers: Offers) -> tuple[str, list[str]]:
    """The resource that is meant, empty if none is close, and what is wrong with how it was typed."""
    if word.lower() in offers:
        return word.lower(), []
    return closest(word, offers) or "", [unknown_resource(word, offers)]


def _duration_word(text: str) -> tuple[str, str]:
    """The duration as `parse_duration` reads it, also of `for 15m`, `15min` and `15 minutes`; and what follows."""
    text = _FOR.sub("", text)
    spoken = _SPOKEN.match(text)
    if spoken is not None:
        return f"{spoken['amount']}{spoken['unit'][0].lower()}", text[spoken.end() :].lstrip()
    word, *rest = text.split(maxsplit=1) or [""]
    return word, rest[0] if rest else ""


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
