"""What a request is refused with that could be read in two ways, or not at all. Pure.

A gateway stands between a client and an API server, and whatever those two, or anything between them, would read
differently could be judged as one thing and done as another. So it is not guessed at: the request goes nowhere.
"""


class Unreadable(Exception):
    """A request that is not forwarded; `str(error)` is a sentence for the person, with what to do.

    It may hold pieces of the request that are names and never values of a body. It is one line of printable ASCII.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__("".join(each if " " <= each <= "~" else "?" for each in sentence))
