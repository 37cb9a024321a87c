"""What people see of a Bolt app: one table of expectations, which every client must meet by either road.

The kitchen knows nothing but Slack's API url. It is written three times in its clients' usual shape: slack_bolt with
and without asyncio, and @slack/bolt for node; each runs over Socket Mode and over signed HTTP.
"""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest

from slack_simulator.testing import Message, Refused, blocking

Kitchen = blocking.Workspace
Channel = blocking.Channel


class Client(Protocol):
    """Which Bolt, and by which way: conftest's."""

    name: str
    is_http: bool


# --- slash commands ---------------------------------------------------------------------------------------------------

COMMANDS: list[tuple[str, str, bool]] = [
    ("/echo salt", "echo salt", True),
    ("/shout salt", "shout salt", False),
    ("/whisper salt", "whisper salt", True),
    ("/announce salt", "announce salt", False),
]


@pytest.mark.parametrize(("line", "answer", "is_ephemeral"), COMMANDS, ids=[line for line, *_ in COMMANDS])
def test_commands_answer(kitchen: Kitchen, channel: Channel, line: str, answer: str, is_ephemeral: bool) -> None:
    """By the ack, by respond, by say."""
    kitchen.user("alice").types(line)
    message = channel.shows(answer)
    assert message.words == answer
    assert message.is_ephemeral is is_ephemeral
    assert message.by == "app"
    if is_ephemeral:
        kitchen.user("bob").does_not_see(answer)
    else:
        kitchen.user("bob").sees(answer)


def test_command_that_is_not_the_apps(kitchen: Kitchen, channel: Channel) -> None:
    """The app hears nothing of it."""
    with pytest.raises(Refused) as refused:
        kitchen.user("alice").types("/unknown")
    assert refused.value.error == "unknown_command"
    assert "/unknown is not a valid command" in channel.newest.words


def test_command_in_a_thread(kitchen: Kitchen, channel: Channel) -> None:
    """Slack has none there."""
    alice = kitchen.user("alice")
    alice.types("a thread begins")
    with pytest.raises(Refused) as refused:
        alice.types("/echo salt", thread=channel.shows("a thread begins"))
    assert refused.value.error == "not_supported_in_threads"


# --- modals -----------------------------------------------------------------------------------------------------------


def test_modal_is_filled_in(kitchen: Kitchen, channel: Channel) -> None:
    """Command, modal, options, submission, message."""
    alice = kitchen.user("alice")
    alice.types("/order")
    alice.sees("Note: none")
    assert alice.is_offered("Dish", "s") == ["soup", "stew", "salad"]
    assert alice.is_offered("Dish", "x") == []
    alice.fills("Order", {"Dish": "stew", "Size": "Small"})
    card = channel.shows("small stew for @alice (Note: none)")
    assert card.buttons == ("Cook", "Drop", "Wash up")
    assert card.text == "small stew for <@U0ALICE> (Note: none)"
    assert alice.screen().modal is None


def test_modal_refuses_a_value(kitchen: Kitchen, channel: Channel) -> None:
    """`errors` show under the input and the modal stays; what was filled in stays filled in."""
    alice = kitchen.user("alice")
    alice.types("/order")
    with pytest.raises(Refused, match="Dish: No soup today"):
        alice.fills("Order", {"Dish": "soup", "Size": "small"})
    alice.fills("Order", {"Dish": "pie"})
    channel.shows("small pie for @alice")


@pytest.mark.parametrize(("size", "depth"), [("huge", 1), ("large", 2)], ids=["update", "push"])
def test_modal_updates_or_pushes_then_clears(kitchen: Kitchen, channel: Channel, size: str, depth: int) -> None:
    """`update` takes the modal's place, `push` lies on top of it, `clear` closes all."""
    alice = kitchen.user("alice")
    alice.types("/order")
    alice.fills("Order", {"Dish": "pie", "Size": size})
    alice.sees("Nobody ate one yet.")
    assert len(alice.screen().modals) == depth
    alice.taps("Yes")
    channel.shows(f"{size} pie for @alice")
    assert alice.screen().modals == ()


def test_views_push_and_update_through_the_api(kitchen: Kitchen, channel: Channel) -> None:
    """A button in a modal pushes a second one, whose submission changes the first; its inputs keep what they hold."""
    alice = kitchen.user("alice")
    alice.types("/order")
    with pytest.raises(Refused):
        alice.fills("Order", {"Size": "small"})
    alice.taps("Add a note")
    alice.fills("Note", {"Words": "no onions"})
    alice.sees("Note: no onions")
    alice.fills("Order", {"Dish": "stew"})
    channel.shows("small stew for @alice (Note: no onions)")


@pytest.mark.parametrize(("everything", "told"), [(False, "false"), (True, "true")], ids=["top", "all"])
def test_modal_is_closed(kitchen: Kitchen, channel: Channel, everything: bool, told: str) -> None:
    """`notify_on_close` brings view_closed, with is_cleared as it was."""
    alice = kitchen.user("alice")
    alice.types("/order")
    alice.sees("Note: none")
    alice.closes(everything=everything)
    channel.shows(f"@alice threw an order away, all at once: {told}")


# --- messages ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def card(kitchen: Kitchen, channel: Channel) -> Message:
    """An order that alice sent to the channel."""
    kitchen.user("alice").types("/order")
    kitchen.user("alice").fills("Order", {"Dish": "stew", "Size": "small"})
    return channel.shows("small stew for @alice")


def test_button_updates_its_message_and_answers_in_the_thread(
    kitchen: Kitchen, channel: Channel, card: Message
) -> None:
    """chat.update by channel and ts; say with thread_ts."""
    kitchen.user("bob").taps("Cook", message=card)
    cooked = channel.shows("order-1 cooked by @bob")
    assert (cooked.ts, cooked.is_edited, cooked.buttons) == (card.ts, True, ())
    assert channel.shows("In the oven").thread_ts == card.ts


def test_button_deletes_its_message(kitchen: Kitchen, channel: Channel, card: Message) -> None:
    """respond with delete_original; a listener by block_id and action_id."""
    bob = kitchen.user("bob")
    bob.taps("Drop", message=card)
    channel.stops_showing("small stew")


def test_menu_in_a_message(kitchen: Kitchen, channel: Channel, card: Message) -> None:
    """A static select; a listener by regular expression; respond without replacing answers only who acted."""
    kitchen.user("bob").picks("Portion", "Double")
    answer = channel.shows("portion double")
    assert answer.is_ephemeral
    kitchen.user("alice").does_not_see("portion double")
    assert card.ts in {one.ts for one in channel.messages}


def test_file_is_uploaded(kitchen: Kitchen, channel: Channel) -> None:
    """Three calls that every client makes of one: the url, the upload, the completion."""
    kitchen.user("alice").types("/recipe")
    shared = channel.shows("recipe follows")
    assert [(one["name"], one["title"], one["size"]) for one in shared.raw["files"]] == [("stew.txt", "Stew", 13)]


def test_message_is_scheduled(kitchen: Kitchen, channel: Channel) -> None:
    """It comes when the workspace's clock says so."""
    kitchen.user("alice").types("/later")
    kitchen.waits_for_exchange(lambda one: one["name"] == "chat.scheduleMessage" and one["ok"])
    kitchen.advance(300)
    channel.shows("later has come")


def test_lists_are_read_page_by_page(kitchen: Kitchen, channel: Channel) -> None:
    """Each client follows the cursor in its own way."""
    kitchen.user("alice").types("/who")
    assert channel.shows("here are").words.split()[2:] == ["alice", "app", "bob", "dora"]


# --- events -----------------------------------------------------------------------------------------------------------


def test_message_and_reaction(kitchen: Kitchen, channel: Channel) -> None:
    """A message listener; its own messages do not trigger it again."""
    kitchen.user("alice").types("hello kitchen, all well?")
    channel.shows("Hello @alice")
    said = next(one for one in channel.messages if one.by == "alice")
    assert [one["name"] for one in said.raw["reactions"]] == ["wave"]


def test_mention_is_answered_in_its_thread(kitchen: Kitchen, channel: Channel) -> None:
    """app_mention."""
    kitchen.user("alice").types(
        "@app are you there?",
    )
    answer = channel.shows("You called?")
    assert answer.thread_ts == channel.messages[0].ts


def test_home_is_published_and_republished(kitchen: Kitchen) -> None:
    """app_home_opened, views.publish, a button there, views.publish with the hash."""
    alice = kitchen.user("alice")
    alice.opens_home()
    alice.sees("Orders: not counted")
    alice.taps("Count again")
    alice.sees("Orders: many")


def test_person_leaves(kitchen: Kitchen) -> None:
    """user_change."""
    kitchen.changes_person("dora", deleted=True)
    kitchen.channel("general").shows("dora left: true")


# --- shortcuts --------------------------------------------------------------------------------------------------------


def test_global_shortcut(kitchen: Kitchen) -> None:
    """Opens a modal with its trigger."""
    bob = kitchen.user("bob")
    bob.shortcut("New order")
    bob.fills("Order", {"Dish": "salad", "Size": "small"})
    kitchen.channel("general").shows("small salad for @bob")


def test_message_shortcut(kitchen: Kitchen, channel: Channel) -> None:
    """Carries the message; its response_url answers only who chose it."""
    bob = kitchen.user("bob")
    kitchen.user("alice").types("fries for everyone")
    asked = channel.shows("fries for everyone")
    bob.shortcut("Cook this", asked)
    assert channel.shows("Cooking: fries for everyone").thread_ts == asked.ts
    assert channel.shows("Only you know").is_ephemeral
    kitchen.user("alice").does_not_see("Only you know")


# --- connections ------------------------------------------------------------------------------------------------------


def test_connection_is_renewed(kitchen: Kitchen, channel: Channel) -> None:
    """Told to go, as Slack tells every connection after some hours, a client opens a new one by itself.

    Without Socket Mode there never was one.
    """
    if _is_http(kitchen):
        assert not [one for one in kitchen.inspector() if one["kind"] == "socket"]
        return
    last = kitchen.inspector()[-1]["number"]
    kitchen.breaks_sockets(disconnect="refresh_requested")
    kitchen.waits_for_exchange(
        lambda one: (one["kind"], one["name"]) == ("socket", "connected") and one["number"] > last, timeout_s=30
    )
    kitchen.user("alice").types("/echo back")
    channel.shows("echo back")


# --- signatures -------------------------------------------------------------------------------------------------------

SIGNATURES: list[tuple[str, dict[str, Any], bool]] = [
    ("bad_signature", {}, False),
    ("stale_signature", {"seconds": 301}, False),
    ("stale_signature", {"seconds": 240}, True),
]


@pytest.mark.parametrize(
    ("fault", "fields", "is_taken"),
    SIGNATURES,
    ids=["another secret", "older than five minutes", "younger than five minutes"],
)
def test_signature_is_checked(
    client: Client, kitchen: Kitchen, channel: Channel, fault: str, fields: dict[str, Any], is_taken: bool
) -> None:
    """Of a request that is not Slack's, or of long ago, no listener hears. Socket Mode has no signatures to forge."""
    alice = kitchen.user("alice")
    _control(kitchen, "faults", add={"kind": fault, **fields})
    if is_taken or not client.is_http:
        alice.types("/shout salt")
    else:
        with pytest.raises(Refused) as refused:
            alice.types("/shout pepper")
        assert refused.value.error == "dispatch_failed"
        (*_, answered) = (one for one in kitchen.inspector() if one["kind"] == "ack")
        assert answered["detail"]["status"] == 401
    _control(kitchen, "faults", clear=True)
    alice.types("/shout sugar")
    channel.shows("shout sugar")
    said = [one.words for one in channel.messages if one.words.startswith("shout")]
    assert said == (["shout salt", "shout sugar"] if is_taken or not client.is_http else ["shout sugar"])


def _control(kitchen: Kitchen, name: str, **body: Any) -> None:
    """What the people of `slack_simulator.testing` do not do."""
    connection = HTTPConnection(urlsplit(kitchen.url).netloc, timeout=10)
    connection.request("POST", f"/control/{name}", json.dumps(body), {"Content-Type": "application/json"})
    assert json.load(connection.getresponse())["ok"]
    connection.close()


# --- what passed ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("line", "meanwhile"), [("/slow", "thinking"), ("/broken", "The kitchen broke: out of gas")])
def test_command_that_is_never_acked(kitchen: Kitchen, channel: Channel, line: str, meanwhile: str) -> None:
    """The person is told after three seconds of the workspace's clock; what the app said meanwhile stands."""
    with ThreadPoolExecutor(1) as other_hand:
        typed = other_hand.submit(kitchen.user("alice").types, line)
        channel.shows(meanwhile)
        kitchen.advance(3.1)
        with pytest.raises(Refused, match=f"{line} failed with the error"):
            typed.result(timeout=10)


def test_button_nobody_listens_for(kitchen: Kitchen, channel: Channel, card: Message) -> None:
    """No client acks what it does not know; the person sees that nothing came of it."""
    alice = kitchen.user("alice")
    with ThreadPoolExecutor(1) as other_hand:
        tapped = other_hand.submit(alice.taps, "Wash up", message=card)
        kitchen.waits_for_exchange(lambda one: one["kind"] == "envelope" and _action_in(one) == "wash")
        kitchen.advance(3.1)
        with pytest.raises(Refused, match=r"operation_timeout|dispatch_failed"):
            tapped.result(timeout=10)
        kitchen.advance(3600)
    assert channel.newest == card
    assert sum(_action_in(one) == "wash" for one in kitchen.inspector() if one["kind"] == "envelope") == 1


def _action_in(entry: dict[str, Any]) -> str | None:
    # What was sent while the app had no connection is kept without its payload.
    actions = entry["detail"].get("payload", {}).get("actions")
    return actions[0]["action_id"] if actions else None


@pytest.fixture(autouse=True)
def every_call_is_taken(kitchen: Kitchen) -> Iterator[None]:
    """No test goes well by a call of the Web API that the workspace refused."""
    before = len(kitchen.inspector())
    yield
    assert [one for one in kitchen.inspector()[before:] if one["kind"] == "api" and not one["ok"]] == []


#: Every payload of the story that somebody in the kitchen listens for.
WANTED = (
    "/order",
    "block_suggestion: dish",
    "view_submission: order",
    "block_actions: cook",
    "message_action: cook_this",
    "app_home_opened",
    "block_actions: count",
    "user_change",
    "message: hello kitchen",
    "app_mention: <@U0SIMBOT|app> are you there?",
)
#: Messages that do not greet; being mentioned is another event.
UNWANTED = ("message: just talking", "message: <@U0SIMBOT|app> are you there?")


def test_nothing_else_was_missed(client: Client, fresh_kitchen: Kitchen) -> None:
    """A story in which every call is taken and every payload acked, but for the messages that no listener wants.

    slack_bolt acks no event that it does not know, and gets it again; @slack/bolt acks all of them.
    """
    wanted = [*WANTED, *(["url_verification"] if client.is_http else [])]
    acked, missed = ([*wanted, *UNWANTED], []) if client.name == "node" else (wanted, [*UNWANTED, *UNWANTED])
    _tell_the_story(fresh_kitchen)
    _until(fresh_kitchen, lambda entries: sum(one["kind"] == "ack" and one["ok"] for one in entries) >= len(acked))
    fresh_kitchen.advance(3.1)
    # The second time at once; the third would come after a minute.
    _until(fresh_kitchen, lambda entries: len(_sent(entries)) >= len(acked + missed))
    fresh_kitchen.advance(3.1)
    entries = _until(fresh_kitchen, lambda entries: sum(not one["ok"] for one in entries) >= len(missed))
    assert sorted(_sent(entries)) == sorted(acked + missed)
    assert [one["kind"] for one in entries if not one["ok"]] == ["ack"] * len(missed)
    assert sum(one["kind"] == "ack" for one in entries) == len(acked + missed)
    if not client.is_http:
        # Only Socket Mode's acks tell what they are for; over HTTP it is the second delivery that tells.
        done = {one["detail"]["envelope_id"] for one in entries if one["kind"] == "ack" and one["ok"]}
        sent = [one for one in entries if one["kind"] == "envelope"]
        assert sorted(_sent([one for one in sent if one["detail"]["envelope_id"] not in done])) == sorted(missed)


def _tell_the_story(kitchen: Kitchen) -> None:
    """Somebody orders, cooks, greets, talks, looks at the Home, and leaves."""
    alice, bob, channel = kitchen.user("alice"), kitchen.user("bob"), kitchen.channel("table-0")
    for person in (alice, bob):
        person.opens(channel.name)
    alice.types("/order")
    alice.sees("Note: none")
    alice.fills("Order", {"Dish": "stew", "Size": "Small"})
    card = channel.shows("small stew for @alice")
    bob.taps("Cook", message=card)
    channel.shows("In the oven")
    alice.types("hello kitchen")
    channel.shows("Hello @alice")
    alice.types("just talking")
    alice.types(
        "@app are you there?",
    )
    channel.shows("You called?")
    bob.shortcut("Cook this", channel.shows("just talking"))
    channel.shows("Only you know")
    alice.opens_home()
    alice.taps("Count again")
    alice.sees("Orders: many")
    kitchen.changes_person("dora", deleted=True)
    kitchen.channel("general").shows("dora left: true")


def _sent(entries: list[dict[str, Any]]) -> list[str]:
    """What went to the app, one name for each payload, as often as it was sent."""
    return [_name_of(one["detail"]["payload"]) for one in entries if one["kind"] == "envelope"]


def _name_of(payload: dict[str, Any]) -> str:
    event = payload.get("event", {})
    about = event.get("text") or payload.get("callback_id") or payload.get("view", {}).get("callback_id")
    actions = payload.get("actions") or [payload]
    kind = payload.get("command") or event.get("type") or payload["type"]
    named = actions[0].get("action_id") or about
    return f"{kind}: {named}" if named else kind


def _until(kitchen: Kitchen, is_so: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """What passed, once that is so; after ten seconds as it is, for the test to show."""
    deadline = time.monotonic() + 10
    while not is_so(entries := kitchen.inspector()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return entries


def _is_http(kitchen: Kitchen) -> bool:
    assert kitchen.spec.manifest is not None
    return not kitchen.spec.manifest.is_socket_mode
