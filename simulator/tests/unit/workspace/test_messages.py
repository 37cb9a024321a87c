"""Many messages in a channel: the newest are found without looking at the others."""

from slack_simulator.base.changes import Changes
from slack_simulator.base.clock import Clock
from slack_simulator.workspace.messages import Message, Messages

MANY = 10_000


class Counted(Message):
    """A message that knows how often anybody looked at it or one of its kind."""

    looks = 0

    def visible_to(self, user_id: str | None) -> bool:
        """As of any message."""
        Counted.looks += 1
        return super().visible_to(user_id)


def filled(number: int = MANY) -> Messages:
    """A channel of so many messages, the last of them for one person only."""
    messages = Messages(Clock(), Changes())
    for position in range(number):
        only_for = "U0BOB" if position == number - 1 else None
        messages.add(Counted("C1", messages.next_ts(), "U1", str(position), only_for=only_for))
    return messages


def test_the_newest_are_found_at_once() -> None:
    """A hundred of ten thousand, with one in between that this person does not see."""
    messages = filled()
    Counted.looks = 0
    seen = messages.seen_in("C1", "U0ALICE", limit=100)
    assert [one.text for one in seen] == [str(position) for position in range(MANY - 101, MANY - 1)]
    assert Counted.looks == 101
    assert len(messages.seen_in("C1", "U0ALICE")) == MANY - 1
    assert messages.seen_in("C1", None, limit=0) == []
    assert messages.seen_in("C2", None, limit=5) == []


def test_changes_are_found_in_the_order_of_changing() -> None:
    """An edit of the very first message is the newest change; what others cannot see does not wake them."""
    changes = Changes()
    messages = Messages(Clock(), changes)
    first, *_ = [messages.add(Message("C1", messages.next_ts(), "U1", str(position))) for position in range(50)]
    after = changes.revision
    assert not messages.changed_in("C1", "U0ALICE", after)
    messages.touch(first)
    assert messages.changed_in("C1", "U0ALICE", after)
    assert not messages.changed_in("C2", "U0ALICE", after)
    after = changes.revision
    messages.add(Message("C1", messages.next_ts(), "U1", "for bob", only_for="U0BOB"))
    assert not messages.changed_in("C1", "U0ALICE", after)
    assert messages.changed_in("C1", "U0BOB", after)
    assert messages.changed_in("C1", None, after)
    messages.delete(first)
    assert messages.changed_in("C1", "U0ALICE", after)
    assert messages.get("C1", first.ts) is None


def test_timestamps_never_repeat() -> None:
    """Even if the clock stands still."""
    messages = Messages(Clock(wall=lambda: 1_764_000_000.0), Changes())
    stamps = [messages.next_ts() for _ in range(1000)]
    assert stamps == sorted(set(stamps))
