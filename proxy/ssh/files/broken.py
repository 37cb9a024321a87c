"""A side of a file transfer that does not keep to the protocol, so that nobody can tell what it moves."""


class BrokenProtocol(Exception):
    """`str(error)` is a sentence for the person: who broke what. The channel ends; it holds no data of theirs."""
