"""The modal in which people ask for access, filled in with what a typed command already said.

Where they have it, or wait for it, it says so first and asks whether they ask anyway.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from slack_sdk.models.blocks import (
    Block,
    ExternalDataSelectElement,
    InputBlock,
    InputInteractiveElement,
    Option,
    PlainTextInputElement,
    SectionBlock,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from bot.blocks.action_ids import Action, Callback, Field, Row
from bot.blocks.message import actions, button, context, plain, section
from bot.blocks.reply import cancel_button, connecting, paste, who_decides
from bot.blocks.request import wanted
from bot.blocks.text import clip, code, escape, moment
from bot.facts.facts import RequestFacts

OPTION_LIMIT = 100
OPTION_TEXT_LIMIT = 75
REASON_LIMIT = 3000
TICKET_LIMIT = 128
DURATION_LIMIT = 20
TITLE = "Ask for access"
_TROUBLE_LIMIT = 2500


@dataclass(frozen=True)
class Choice:
    """One role on one resource that the person may ask for, and under which conditions, in a few words."""

    resource: str
    role: str
    terms: str

    @property
    def value(self) -> str:
        """What the select's option carries; names have no slash."""
        return f"{self.resource}/{self.role}"

    @property
    def label(self) -> str:
        """`payments-db · read — reviewed by db-oncall, at most 1h`, cut to Slack's 75 characters."""
        return clip(f"{self.resource} · {self.role} — {self.terms}", OPTION_TEXT_LIMIT)

    def option(self) -> Option:
        return Option(text=plain(self.label), value=self.value)


@dataclass(frozen=True)
class Draft:
    """What is known of a request before it is submitted; everything as the person typed it."""

    resource: str = ""
    role: str = ""
    duration: str = ""
    reason: str = ""
    ticket: str = ""


@dataclass(frozen=True)
class Already:
    """What the person has, or waits for, of what the draft asks for; and the address of its card, if it has one."""

    facts: RequestFacts
    card_url: str | None = None

    @property
    def id(self) -> UUID:
        """What they are told of: the grant, or the request that waits."""
        return self.facts.grant.id if self.facts.grant is not None else self.facts.request.id


def render_form(
    choices: Sequence[Choice], draft: Draft, troubles: Sequence[str] = (), *, already: Already | None = None
) -> View:
    """The form; `troubles` are sentences that may quote what was typed, so they are shown as plain text.

    With `already` it says that first, and whoever submits it asks all the same; the view knows beside what.
    """
    if not choices:
        return render_notice(TITLE, "The policy lets you ask for nothing at present. Ask its owners.")
    blocks: list[Block] = [SectionBlock(text=plain(clip(f"⚠ {trouble}", _TROUBLE_LIMIT))) for trouble in troubles]
    blocks += _already(already) if already is not None else []
    blocks += [
        _input(Field.DOOR, "What do you need?", _door_select(choices, draft)),
        _input(
            Field.DURATION,
            "For how long?",
            _text(Field.DURATION, draft.duration, DURATION_LIMIT),
            hint="15m, 2h or 1h30m",
        ),
        _input(
            Field.REASON,
            "Why?",
            _text(Field.REASON, draft.reason, REASON_LIMIT, multiline=True),
            hint="Reviewers read this. No secrets or customer data, please.",
            optional=True,
        ),
        _input(Field.TICKET, "Ticket", _text(Field.TICKET, draft.ticket, TICKET_LIMIT), optional=True),
    ]
    return View(
        type="modal",
        callback_id=Callback.REQUEST_FORM,
        title=plain(TITLE),
        submit=plain("Ask anyway" if already is not None else "Ask"),
        close=plain("Close"),
        private_metadata=already.id.hex if already is not None else "",
        blocks=blocks,
    )


def _already(already: Already) -> list[Block]:
    """What there is, and what to do with it instead of asking."""
    facts = already.facts
    hint = context("Do you need it longer, or for something else? Change the form below, and ask anyway.")
    if facts.grant is None:
        card = f" <{escape(already.card_url)}|Look at its card>." if already.card_url else ""
        text = (
            f":hourglass_flowing_sand: *You asked already* for {wanted(facts)}, and it is not decided yet. "
            f"{who_decides(facts)}{card} Nothing more was asked for."
        )
        return [section(text), cancel_button(facts), hint]
    door = f"{code(facts.grant.role)} on {code(facts.grant.resource)}"
    until = moment(facts.grant.expires_at)
    blocks: list[Block] = [
        section(f":white_check_mark: *You have {door}* until {until}. Nothing more was asked for."),
    ]
    if facts.connect is not None:
        token = button("Get my token…", Action.GET_TOKEN, facts.grant.id.hex, style="primary")
        blocks += [
            actions(Row.WAY_IN, [token]),
            section(paste(facts)),
            *connecting(facts),
        ]
    return [*blocks, hint]


def render_notice(title: str, text: str) -> View:
    """A modal that only says something (own words, mrkdwn)."""
    return View(
        type="modal", callback_id=Callback.NOTICE, title=plain(title), close=plain("Close"), blocks=[section(text)]
    )


def matching_options(choices: Sequence[Choice], typed: str) -> list[Option]:
    """For type-ahead: every word typed must stand somewhere in the label or value; at most 100."""
    words = typed.lower().split()
    found = [choice for choice in choices if all(word in f"{choice.value} {choice.label}".lower() for word in words)]
    return [choice.option() for choice in found[:OPTION_LIMIT]]


def _door_select(choices: Sequence[Choice], draft: Draft) -> InputInteractiveElement:
    chosen = next((one for one in choices if (one.resource, one.role) == (draft.resource, draft.role)), None)
    initial = chosen.option() if chosen else None
    placeholder = plain("Resource and role")
    if len(choices) > OPTION_LIMIT:
        return ExternalDataSelectElement(
            action_id=Field.DOOR, placeholder=placeholder, initial_option=initial, min_query_length=0
        )
    options = [choice.option() for choice in choices]
    return StaticSelectElement(action_id=Field.DOOR, placeholder=placeholder, options=options, initial_option=initial)


def _text(field: Field, initial: str, limit: int, *, multiline: bool = False) -> PlainTextInputElement:
    value = clip(initial, limit) or None
    return PlainTextInputElement(action_id=field, initial_value=value, multiline=multiline, max_length=limit)


def _input(
    field: Field, label: str, element: InputInteractiveElement, *, hint: str = "", optional: bool = False
) -> InputBlock:
    return InputBlock(
        block_id=field, label=plain(label), element=element, hint=plain(hint) if hint else None, optional=optional
    )
