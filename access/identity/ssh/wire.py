"""Values of SSH's protocol out of bytes: RFC 4251, 5. Pure. What is longer or shorter than it says is refused."""


class Malformed(ValueError):
    """These bytes are not what they should be."""


class Reader:
    """Takes values off the front of `data`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        return self._take(1)[0]

    def uint32(self) -> int:
        return int.from_bytes(self._take(4))

    def string(self) -> bytes:
        return self._take(self.uint32())

    def text(self) -> str:
        """A name of an algorithm: US-ASCII."""
        try:
            return self.string().decode("ascii")
        except UnicodeDecodeError as error:
            raise Malformed("a name is no ASCII") from error

    def natural(self) -> int:
        """An mpint that is positive and as short as it can be."""
        data = self.string()
        if not data or data[0] & 0x80 or (data[0] == 0 and (len(data) == 1 or not data[1] & 0x80)):
            raise Malformed("a number is not as it is written")
        return int.from_bytes(data)

    def end(self) -> None:
        if self._at != len(self._data):
            raise Malformed("there is more than there should be")

    def _take(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        if len(found) != count:
            raise Malformed("it ends too early")
        self._at += count
        return found


def string(value: bytes) -> bytes:
    return len(value).to_bytes(4) + value
