"""A detector: everything that masking knows of one entity, in one object.

A new entity is one file here with one Detector, a line in `registry`, and hits and misses in the tests' corpus. What a
detector leaves out of the object no other module makes up for: a value whose unfinished form is not described may leave
a stream in two halves.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from access.policy.entities import Entity
from proxy.masking.discard import Discard
from proxy.masking.edits import Edit

#: finder(data, start, shown, replacement): edits in data[start:], in order; what is before `start` is context. `shown`
#: is how many digits stay visible where the entity's form shows any; `replacement` takes the place of that form.
#:
#: A finder works on UTF-8 bytes and looks only at what is near a match, so that a stream can be scanned piece by piece.
#: It never reads across CELL_BORDER. Invalid UTF-8 is never an error and never a match.
Finder = Callable[[bytes, int, int, bytes | None], Iterator[Edit]]


@dataclass(frozen=True)
class Detector:
    """How one entity is found, whole and at a cut; patterns without a note are RE2 over bytes, without groups."""

    entity: Entity
    find: Finder
    #: RE2 over UTF-8: without a match of this there is nothing to find. All hints are looked for in one pass.
    hint: str
    #: Binary data is full of it; then only what stands beside it says whether words are hidden.
    hint_is_common: bool = False
    #: The finder itself reads over escape sequences; the others are given the normalised view, without them.
    reads_escapes: bool = False

    # What is held back at a cut. One word without white space and quotes is always held, so nothing need be said of it.

    #: What of a value may stand at a cut that is more than one word.
    unfinished: str = ""
    #: The last words of labels behind which a value stands, in any case; what links the two is held as well.
    labels: tuple[str, ...] = ()

    # What of it is not released by the mere passing of time, when nothing follows what is held.

    #: From the beginning of this on; it says itself, with \z, if it must stand at the end.
    waits: str = ""
    #: The same where a first part may be released: the index in the bytes held from which they wait, or their length.
    waits_from: Callable[[bytes], int] | None = None

    #: For values longer than what is held back: given all that was found up to the cut, what discards the rest.
    goes_on: Callable[[bytes], Discard] | None = None
    #: more(data, behind, replacement): for values that may go on behind what ended them, more of one that ended at
    #: `behind`, which is negative where data begins later; `find` does so by itself. Parts are edits with `is_part`.
    more: Callable[[bytes, int, bytes | None], Iterator[Edit]] | None = None
