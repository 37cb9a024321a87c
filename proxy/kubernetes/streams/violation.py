"""What ends a stream whose bytes are none of its protocol. Pure."""


class StreamViolation(Exception):
    """A peer sent bytes that its protocol does not allow at this point; `str(error)` says what, and holds none."""
