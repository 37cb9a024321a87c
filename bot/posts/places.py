"""Places: the addresses where this process shows something just now, and those where Slack asked it to wait.

Slack limits how often a method is called in a channel and not how often a post is shown, so a refusal rests the place:
when the rest is over, what is claimed first is what somebody waits for most, and not what was refused. Refuses nothing
and knows no Slack; times are in seconds of the caller's monotonic clock.
"""

from storage.outbox import Resting


class Places:
    """What one notifier knows of its addresses."""

    def __init__(self) -> None:
        self._busy: set[str] = set()
        #: Until when nothing is posted (False) or updated (True) at an address.
        self._resting: dict[tuple[str, bool], float] = {}

    def take(self, address: str) -> None:
        """Something is being shown there: one thing at a time, so that what is urgent comes next."""
        self._busy.add(address)

    def leave(self, address: str) -> None:
        """The next may be shown there."""
        self._busy.discard(address)

    def rest(self, address: str, *, updating: bool, until: float) -> None:
        """Slack asks to wait with posting, or with updating what stands there."""
        self._resting[address, updating] = until

    def resting(self, now: float) -> Resting:
        """Where nothing is to be claimed for now."""
        self._resting = {place: until for place, until in self._resting.items() if until > now}
        posting = {address for address, updating in self._resting if not updating}
        updating = {address for address, updating in self._resting if updating}
        return Resting(posting=posting | self._busy, updating=updating | self._busy)

    def next_wake_s(self, now: float, longest_s: float) -> float:
        """Seconds until the first rest is over, at most `longest_s`."""
        return min([longest_s, *(max(until - now, 0.0) for until in self._resting.values())])
