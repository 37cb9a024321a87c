"""Everything that the bot renders, in every state; and what a person reads of it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from slack_sdk.models.views import View

from bot.blocks.decision import Target
from bot.blocks.digest import render_digest
from bot.blocks.listing import render_help, render_home, render_list
from bot.blocks.message import Message
from bot.blocks.modals import render_deny_form, render_revoke_form, render_token, render_too_late, render_waiting
from bot.blocks.notices import render_key_notice, render_linked, render_ssh_key_notice
from bot.blocks.reply import render_reply, render_superseded
from bot.blocks.request import render_card
from bot.blocks.request_form import OPTION_LIMIT, Already, Choice, Draft, render_form, render_notice
from bot.blocks.statement import render_statement
from bot.blocks.step_up import render_step_up
from bot.blocks.waiting import render_waiting_list
from bot.facts.facts import Phase, RequestFacts, StatementFacts
from slack_simulator.blocks.plain import plain_blocks, plain_view
from slack_simulator.blocks.views import view_problems
from slack_simulator.webapi.content import checked_blocks
from storage.model import HoldState, KeyEnd, PostSubject, RequestState, SecurityKey, SshKey
from support.bot.facts import NOW, digest_facts, request_facts, statement_facts

NAMES = {"U0ALICE": "alice", "U0BOB": "bob", "C0INCIDENT": "incidents"}
#: Everything that is markup somewhere in Slack.
HOSTILE = "<!channel> <@U0BOB> <https://evil.example|payments> ```fence``` *bold* :skull: &amp; \u202e"
#: What `request_facts` is to be given for each phase.
PHASES: dict[Phase, dict[str, Any]] = {
    Phase.PENDING: {"state": RequestState.PENDING},
    Phase.GRANTED: {"state": RequestState.APPROVED},
    Phase.DENIED: {"state": RequestState.DENIED, "decision_reason": "use the replica"},
    Phase.EXPIRED: {"state": RequestState.EXPIRED},
    Phase.CANCELLED: {"state": RequestState.CANCELLED},
    Phase.REVOKED: {"state": RequestState.APPROVED, "revoked": "incident is over"},
    Phase.ENDED: {"state": RequestState.APPROVED, "ended": True},
    Phase.NOT_ALLOWED: {"state": RequestState.APPROVED, "not_allowed": "The policy no longer has a rule for you."},
}

Rendering = Message | View


def every_request() -> list[RequestFacts]:
    """A request in each phase."""
    return [request_facts(**given) for given in PHASES.values()]


def every_statement() -> list[StatementFacts]:
    """A held statement in each state, and a denied one."""
    return [statement_facts(state) for state in (*HoldState, None)]


def every_key() -> list[SecurityKey]:
    """A key that counts, and one for each way in which it ended."""
    return [_key(None), *map(_key, KeyEnd)]


def every_ssh_key() -> list[SshKey]:
    """Likewise."""
    return [_ssh_key(None), _ssh_key(KeyEnd.REMOVED), _ssh_key(KeyEnd.LEFT)]


def _ssh_key(reason: KeyEnd | None) -> SshKey:
    return SshKey(
        principal_id=UUID(int=1),
        fingerprint=b"f" * 32,
        public_key=b"p",
        kind="sk-ssh-ed25519@openssh.com",
        name=HOSTILE,
        created_at=NOW,
        ended_at=None if reason is None else NOW,
        end_reason=reason,
    )


def _key(reason: KeyEnd | None) -> SecurityKey:
    return SecurityKey(
        principal_id=UUID(int=1),
        credential_id=b"k",
        public_key=b"p",
        aaguid="",
        name=HOSTILE,
        created_at=NOW,
        ended_at=None if reason is None else NOW,
        end_reason=reason,
    )


def _lists() -> Iterator[tuple[list[RequestFacts], list[RequestFacts]]]:
    granted, pending = request_facts(RequestState.APPROVED), request_facts()
    yield [], []
    yield [granted, request_facts(**PHASES[Phase.NOT_ALLOWED])], [pending]


def _forms() -> Iterator[View]:
    for count in (0, 2, OPTION_LIMIT + 1):
        choices = [Choice(f"db-{number}", "read", "granted at once") for number in range(count)]
        yield render_form(choices, Draft(), ["'0' is no time at all."])
    choices = [Choice("payments-db", "read", "granted at once")]
    for facts in (request_facts(), request_facts(RequestState.APPROVED)):
        yield render_form(choices, Draft("payments-db", "read"), already=Already(facts, "https://slack.example/p1"))


#: Each renderer of `bot.blocks`, and everything that it shows.
RENDERERS: dict[Callable[..., Rendering], Callable[[], Iterable[Rendering]]] = {
    render_card: lambda: map(render_card, every_request()),
    render_reply: lambda: map(render_reply, every_request()),
    render_superseded: lambda: map(render_superseded, every_request()),
    render_statement: lambda: map(render_statement, every_statement()),
    render_linked: lambda: [render_linked("alice", NOW, pages) for pages in ("", "https://gate.example.com")],
    render_digest: lambda: [render_digest(digest_facts(held=tuple(every_statement())))],
    render_help: lambda: [render_help(), render_help("there is no such command")],
    render_list: lambda: [render_list(grants, pending, NOW) for grants, pending in _lists()],
    render_home: lambda: [
        *(render_home(grants, pending, pending, NOW) for grants, pending in _lists()),
        render_home([], [], [request_facts()] * 25, NOW, holds=[statement_facts()], page=1),
    ],
    render_waiting_list: lambda: [render_waiting_list([statement_facts()], [request_facts()], NOW)],
    render_form: _forms,
    render_notice: lambda: [render_notice("Ask for access", "Sent.")],
    render_waiting: lambda: [render_waiting("Your token")],
    render_too_late: lambda: [render_too_late("/access", "payments-db read 15m")],
    render_deny_form: lambda: [render_deny_form(Target(PostSubject.REQUEST, UUID(int=3), 1), "What alice asked for")],
    render_revoke_form: lambda: [render_revoke_form(request_facts(RequestState.APPROVED))],
    render_step_up: lambda: [
        render_step_up("This takes a touch.", "https://gate.example.com", "/present/request/1"),
        render_step_up(f"This takes {HOSTILE}.", "", ""),
    ],
    render_key_notice: lambda: [render_key_notice(key, "https://gate.example.com") for key in every_key()],
    render_ssh_key_notice: lambda: [render_ssh_key_notice(key, "https://gate.example.com") for key in every_ssh_key()],
    render_token: lambda: [render_token(request_facts(RequestState.APPROVED), "ey" + "J" * 900, NOW)],
}


def every_rendering() -> list[dict[str, Any]]:
    """Each message as `{"blocks": [...]}` and each view as Slack is sent them."""
    shown = [one for render in RENDERERS.values() for one in render()]
    return [{"blocks": one.blocks_json()} if isinstance(one, Message) else one.to_dict() for one in shown]


def read_message(message: Message) -> str:
    """What a person reads, from blocks that the strict validator took."""
    return plain_blocks(checked_blocks(message.blocks_json()), NAMES)


def read_view(view: View) -> str:
    """What a person reads, from a view that the strict validator took."""
    content = view.to_dict()
    assert [str(problem) for problem in view_problems(content, content["type"])] == []
    return plain_view(content, {})


def action_ids(message: Message) -> set[str]:
    """The ids of a message's buttons."""
    rows = [block["elements"] for block in message.blocks_json() if block["type"] == "actions"]
    return {element["action_id"] for row in rows for element in row}


def assert_inert(message: Message) -> None:
    """HOSTILE, typed somewhere, stands nowhere in mrkdwn unescaped, and the message mentions nobody because of it."""
    blocks = checked_blocks(message.blocks_json())
    for text in [message.text, *_mrkdwn_texts(blocks)]:
        assert "<!channel>" not in text
        assert "<https://evil.example" not in text
        assert "```" not in text
    assert all(piece["type"] == "text" for piece in _rich_pieces(blocks))


def _mrkdwn_texts(node: Any) -> list[str]:
    if isinstance(node, list):
        return [text for one in node for text in _mrkdwn_texts(one)]
    if not isinstance(node, dict):
        return []
    own = [node["text"]] if node.get("type") == "mrkdwn" else []
    return own + [text for one in node.values() for text in _mrkdwn_texts(one)]


def _rich_pieces(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = [row for block in blocks if block["type"] == "rich_text" for row in block["elements"]]
    return [piece for row in rows for piece in row["elements"]]


def ids_in(rendering: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(kind, id) of everything in a message or a view that makes Slack send a payload which somebody must answer."""
    if rendering.get("type") == "modal" and "submit" in rendering:
        yield "view", rendering["callback_id"]
    for block in rendering["blocks"]:
        elements = [*block.get("elements", []), block.get("element"), block.get("accessory")]
        for element in (one for one in elements if isinstance(one, dict) and "action_id" in one):
            if str(element["type"]).endswith("external_select"):
                yield "options", element["action_id"]
            if block["type"] != "input" or block.get("dispatch_action"):
                yield "action", element["action_id"]


def rendered_ids() -> dict[str, set[str]]:
    """Kind -> every id that is rendered anywhere."""
    found: dict[str, set[str]] = {"action": set(), "view": set(), "options": set()}
    for rendering in every_rendering():
        for kind, name in ids_in(rendering):
            found[kind].add(str(name))
    return found
