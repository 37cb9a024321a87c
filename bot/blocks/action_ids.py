"""The ids that Slack sends back, each listed once: renderers show them, `bot.listeners.register` answers them. Pure.

An id lives as long as the messages that carry it. Renaming a button's id leaves the buttons of older messages without
an answer, so a new name needs the old one registered beside it until those messages are gone.
"""

from enum import StrEnum


class Action(StrEnum):
    """action_ids of buttons, each with a line that says what a click asks for."""

    APPROVE = "review_approve"
    """count an approval of a request or a held statement"""
    DENY = "review_deny"
    """ask for the reason of a denial"""
    GET_TOKEN = "grant_token"  # noqa: S105 - an action id, not a secret
    """show the token of one's own grant"""
    REVOKE = "grant_revoke"
    """give one's own grant back"""
    ASK_REVOKE = "grant_ask_revoke"
    """ask why a grant, mostly somebody else's, is to end"""
    ASK_AGAIN = "request_again"
    """open the form, filled in as in an earlier request"""
    CANCEL = "request_cancel"
    """withdraw one's own pending request"""
    OPEN_FORM = "form_open"
    """open the empty form"""
    PREVIOUS_PAGE = "home_previous"
    """show the page before, of what waits in the App Home"""
    NEXT_PAGE = "home_next"
    """show the page after it"""
    OPEN_PAGE = "page_open"
    """open a page of ours in the browser; Slack does, and nothing is asked of us"""


class Callback(StrEnum):
    """callback_ids of modals, each with a line that says what the modal is for."""

    REQUEST_FORM = "request_form"
    """ask for access; submitted"""
    DENY_FORM = "deny_form"
    """give the reason of a denial; submitted"""
    REVOKE_FORM = "revoke_form"
    """give the reason of a revocation; submitted"""
    TOKEN = "token"  # noqa: S105 - a callback id, not a secret
    """read a token; cannot be submitted"""
    NOTICE = "notice"
    """read a sentence; cannot be submitted"""


class Field(StrEnum):
    """Inputs of modals, each with a line that says what is put in; block_id and action_id are the same."""

    DOOR = "door"
    """which role on which resource; searched while typed where there are too many to list"""
    DURATION = "duration"
    """for how long"""
    REASON = "reason"
    """why access is needed"""
    TICKET = "ticket"
    """the key of a ticket"""
    DENY_REASON = "deny_reason"
    """why a reviewer denies"""
    REVOKE_REASON = "revoke_reason"
    """why a grant ends before its time"""


class Row(StrEnum):
    """Rows of buttons, each with a line that says where it stands; the block_id is the row, or `row:about`."""

    DECISION = "decision"
    """Approve and Deny, about a request or a held statement"""
    GRANT = "grant"
    """token and giving back, about one grant in a list"""
    CANCEL = "cancel"
    """withdrawing, about one request"""
    AGAIN = "again"
    """asking again, below a request that gives no access"""
    WAY_IN = "way_in"
    """the token, below a request that gives access"""
    REVOKE = "revoke"
    """ending the access, below a granted request's card"""
    PAGES = "pages"
    """turning pages, below what waits in the App Home"""
    ASK = "ask"
    """asking for access, on top of the App Home"""
    STEP_UP = "step_up"
    """the way to a page, below what it takes"""


class Shortcut(StrEnum):
    """callback_ids of the manifest's shortcuts, each with a line that says where people find it."""

    ASK_FOR_ACCESS = "ask_for_access"
    """in the menu of every message, because Slack has no commands in threads"""
