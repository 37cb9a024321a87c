"""Whether bytes that come in pieces hold what is masked, where nothing may be changed or held back."""

from proxy.masking.rules import Masker
from proxy.masking.stream import StreamMasker


class Scan:
    """One run of bytes, such as a file; what a cut leaves of a value is looked at again with the bytes that follow."""

    def __init__(self, masker: Masker) -> None:
        self._stream = StreamMasker(masker)

    def look(self, data: bytes) -> str:
        """The kind of value found in what is known so far, as masking counts it; empty: none."""
        self._stream.feed(data, whole=True)
        return self._stream.latest
