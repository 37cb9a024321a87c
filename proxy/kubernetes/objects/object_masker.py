"""Masks JSON texts of one session, each a whole value: an object, an element of a list, an event of a watch."""

from proxy.kubernetes.objects.names import Names
from proxy.kubernetes.objects.places import ANYWHERE, SECRET, Place
from proxy.kubernetes.objects.quiet import Quiet
from proxy.kubernetes.objects.reading import read
from proxy.kubernetes.objects.walk import Walk
from proxy.kubernetes.objects.writing import write
from proxy.masking.rules import Masker


class ObjectMasker:
    """Applies one session's masker. It remembers short strings in which there was nothing. Not for two threads."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._names = Names(masker)
        self._quiet = Quiet(masker, self._names)

    def mask(self, text: str, place: Place = ANYWHERE) -> str:
        """`text`, one value that stands at `place`, masked; the same object if there is nothing. Raises Unreadable."""
        if self.are_quiet(text, place):
            return text
        document = read(text)
        if not Walk(self._masker, self._names, document).mask(place):
            return text
        bare = text.rstrip()
        return write(document) + text[len(bare) :]

    def are_quiet(self, texts: str, place: Place) -> bool:
        """Whether a look tells that there is nothing in some values, with what stands between them, at `place`."""
        return place.kind != SECRET and not self.tells(place.columns) and self._quiet.depth(texts) == 0

    def tells(self, names: tuple[str, ...]) -> bool:
        """Whether one of the names says that what stands beside it may be masked."""
        return bool(names) and self._names.any_tells(names)

    def depth(self, text: str) -> int | None:
        """As `Quiet.depth`."""
        return self._quiet.depth(text)
