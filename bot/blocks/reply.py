"""What the requester reads in their direct message: where the request stands and what to do next.

The token is never in a message: messages are stored, searched, exported and pushed to phones. The button opens a modal.
"""

from uuid import UUID

from slack_sdk.models.blocks import Block, ButtonElement, ConfirmObject

from access.policy.policy import NO_RULE
from bot.blocks.action_ids import Action, Row
from bot.blocks.message import Message, actions, button, context, mrkdwn, plain, preformatted, quote, section
from bot.blocks.request import decided_by, wanted
from bot.blocks.text import code, escape, mention, mentions, moment
from bot.facts.facts import Phase, RequestFacts, short

_MAY_ASK_AGAIN = (Phase.DENIED, Phase.EXPIRED, Phase.CANCELLED, Phase.ENDED, Phase.NOT_ALLOWED)


def render_reply(facts: RequestFacts, *, trouble: str = "") -> Message:
    """The message as it should stand now. `trouble` (our own words) says what kept the card from its channel."""
    headline = _headline(facts)
    blocks: list[Block] = [section(headline)]
    if trouble and facts.phase is Phase.PENDING:
        blocks.append(section(f":warning: {trouble}"))
    if facts.phase is Phase.PENDING:
        blocks.append(cancel_button(facts))
    if facts.phase is Phase.GRANTED and facts.grant is not None:
        blocks.extend(_way_in(facts))
    blocks.extend(_reasons(facts))
    if facts.phase in _MAY_ASK_AGAIN and facts.request.rule != NO_RULE:
        blocks.append(actions(Row.AGAIN, [button("Ask again…", Action.ASK_AGAIN, facts.request.id.hex)]))
    blocks.append(context(_small_print(facts)))
    return Message(text=headline, blocks=tuple(blocks))


def cancel_button(facts: RequestFacts) -> Block:
    """For whoever asked, as long as nobody decided."""
    identifier = facts.request.id.hex
    return actions(Row.CANCEL, [button("Cancel request", Action.CANCEL, identifier)], about=identifier)


def render_superseded(facts: RequestFacts) -> Message:
    """The older message, once a newer one below it tells the outcome."""
    text = f"{wanted(facts)[0].upper()}{wanted(facts)[1:]}: decided, see the newer message below."
    return Message(text=text, blocks=(context(text),))


def _headline(facts: RequestFacts) -> str:
    what = wanted(facts)
    match facts.phase:
        case Phase.PENDING:
            return f":hourglass_flowing_sand: You asked for {what}. {who_decides(facts)}"
        case Phase.GRANTED:
            until = moment(facts.grant.expires_at) if facts.grant else "now"
            return f":white_check_mark: *You have access*: {what}, until {until}. Approved by {decided_by(facts)}."
        case Phase.DENIED:
            return f":x: *Denied* by {decided_by(facts)}: {what}."
        case Phase.EXPIRED:
            return f":alarm_clock: *Nobody decided in time*: {what}. Ask again, or ask a reviewer first."
        case Phase.CANCELLED:
            return f":leftwards_arrow_with_hook: *Cancelled*: {what}."
        case Phase.REVOKED if facts.revoked_by == facts.requester:
            return f":lock: *You ended your access*: {what}. Open sessions were ended with it."
        case Phase.REVOKED:
            by = mention(facts.revoked_by) if facts.revoked_by else "the gateway"
            return f":no_entry: *Your access was revoked* by {by}: {what}. Open sessions were ended."
        case Phase.ENDED:
            return f":lock: *Your access ended*, its time was up: {what}."
        case Phase.NOT_ALLOWED:
            return f":no_entry: *You are not let in any more*: {what}. {escape(facts.not_allowed or '')}"


def who_decides(facts: RequestFacts) -> str:
    """Where a pending request was sent, and who can approve it until when."""
    where = f" in <#{facts.request.channel}>" if facts.request.channel else ""
    quorum = facts.request.quorum
    who = mentions(facts.reviewers, joined_by=", " if quorum > 1 else " or ", limit=5)
    if not who:
        return f"Nobody can review it at present{where}."
    needed = f"{quorum} of {who} must approve" if quorum > 1 else f"{who} can approve"
    return f"Sent for review{where}: {needed}, until {moment(facts.request.expires_at)}."


def _way_in(facts: RequestFacts) -> list[Block]:
    if facts.connect is None or facts.grant is None:
        return [section("This resource is no longer in the policy; ask its owners.")]
    token = button("Get my token…", Action.GET_TOKEN, facts.grant.id.hex, style="primary")
    return [
        actions(Row.WAY_IN, [token, done_button(facts.grant.id)]),
        section(paste(facts)),
        *connecting(facts),
    ]


def paste(facts: RequestFacts) -> str:
    """What to do with the token, and for how long it opens connections where that is shorter than the access."""
    if facts.token_lifetime is None:
        return "Connect, and paste your token when asked for the password:"
    lasts = f"it opens connections for {facts.token_lifetime} from when you get it"
    return f"Connect, and paste your token when asked for the password ({lasts}):"


def connecting(facts: RequestFacts) -> list[Block]:
    """The command, and by what one knows that it is the gateway that answers; nothing for a resource that is gone."""
    if facts.connect is None:
        return []
    blocks: list[Block] = [preformatted(facts.connect)]
    if facts.fingerprint is not None:
        known = f"The first time, `ssh` shows a fingerprint: go on only if it is {code(facts.fingerprint)}."
        blocks.append(section(known))
    return blocks


def done_button(grant_id: UUID) -> ButtonElement:
    """Give the access back, which is no danger, only final."""
    confirm = ConfirmObject(
        title=plain("Give it back?"),
        text=mrkdwn("The access ends at once, and open sessions with it."),
        confirm=plain("End it"),
        deny=plain("Keep it"),
    )
    return button("I'm done", Action.REVOKE, grant_id.hex, confirm=confirm)


def _reasons(facts: RequestFacts) -> list[Block]:
    if facts.phase is Phase.DENIED and facts.request.decision_reason:
        return [quote("Why", facts.request.decision_reason)]
    if facts.phase is Phase.REVOKED and facts.grant is not None and facts.grant.revoke_reason:
        return [quote("Why", facts.grant.revoke_reason)]
    return []


def _small_print(facts: RequestFacts) -> str:
    if facts.phase is Phase.GRANTED and facts.grant is not None:
        identifier = short(facts.grant.id)
        return f"Grant {code(identifier)} · `/access list` shows all you have"
    return f"Request {code(short(facts.request.id))}"
