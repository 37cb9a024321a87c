"""What sessions of one process tell each other of their databases' catalogues."""

from proxy.postgres.relay.catalogue_changes import CatalogueChanges

PLACE, OTHER = ("db", 5432, "payments"), ("db", 5432, "ledger")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_changes_are_counted_by_database() -> None:
    changes = CatalogueChanges()
    changes.note(PLACE)
    changes.note(PLACE)
    assert (changes.of(PLACE), changes.of(OTHER)) == (2, 0)


def test_what_is_begun_is_open_to_others_until_its_end() -> None:
    changes = CatalogueChanges()
    changes.begin(PLACE)
    assert (changes.is_open(PLACE, own=False), changes.is_open(PLACE, own=True)) == (True, False)
    assert not changes.is_open(OTHER, own=False)
    changes.begin(PLACE)
    changes.end(PLACE)
    assert changes.is_open(PLACE, own=False)
    changes.end(PLACE)
    assert not changes.is_open(PLACE, own=False)


def test_what_was_sent_may_run_on_when_its_sender_has_left() -> None:
    clock = Clock()
    changes = CatalogueChanges(clock)
    changes.linger(PLACE, 60.0)
    clock.now = 59.0
    assert changes.is_open(PLACE, own=False)
    clock.now = 61.0
    assert not changes.is_open(PLACE, own=False)
