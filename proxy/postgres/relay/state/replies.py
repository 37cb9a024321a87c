"""Which message may answer which, as data. Pure.

Each message that gets an answer is one PendingReply in a queue; what comes back is its head's:

    Query     -> (T D* C | C | I | G … C | H d* c C)* Z
    Parse     -> 1          Bind    -> 2          Close -> 3
    Describe  -> t? (T | n)
    Execute   -> D* (C | s) | I | G … C | H d* c C
    Sync      -> Z
    Call      -> V Z
    Any       -> E          instead of the rest

`t` comes for a statement and not for a portal. A test holds REPLIES to this grammar.
"""

from collections.abc import Mapping
from typing import NamedTuple

from proxy.postgres.relay.state.pending_reply import READY, Kind


class Reply(NamedTuple):
    """Where one of the server's messages is legal, and what becomes of it."""

    #: Of the pending replies that it may belong to.
    kinds: frozenset[Kind]
    #: The method of ConnectionState that takes note of it; None: it changes nothing (Answers knows whether COPY runs).
    method: str | None


_RUNNING = frozenset({Kind.QUERY, Kind.EXECUTE})

#: The server's messages that answer something, by their tags.
REPLIES: Mapping[str, Reply] = {
    "1": Reply(frozenset({Kind.PARSE}), "parse_complete"),
    "2": Reply(frozenset({Kind.BIND}), "bind_complete"),
    "3": Reply(frozenset({Kind.CLOSE}), "close_complete"),
    "t": Reply(frozenset({Kind.DESCRIBE}), "parameters_described"),
    "T": Reply(frozenset({Kind.QUERY, Kind.DESCRIBE}), "rows_described"),
    "n": Reply(frozenset({Kind.DESCRIBE}), "rows_described"),
    "D": Reply(_RUNNING, "row_columns"),
    "C": Reply(_RUNNING, "completed"),
    "I": Reply(_RUNNING, "completed"),
    "s": Reply(frozenset({Kind.EXECUTE}), "completed"),
    "G": Reply(_RUNNING, "copy_in_began"),
    "H": Reply(_RUNNING, "copy_out_began"),
    "d": Reply(_RUNNING, None),
    "c": Reply(_RUNNING, None),
    "E": Reply(frozenset(Kind), "failed"),
    "V": Reply(frozenset({Kind.CALL}), "returned"),
    "Z": Reply(READY, "ready"),
}

#: Method -> kinds: a method that takes several messages takes them wherever one of them is legal.
LEGAL: Mapping[str, frozenset[Kind]] = {
    method: frozenset[Kind]().union(*(reply.kinds for reply in REPLIES.values() if reply.method == method))
    for method in {reply.method for reply in REPLIES.values()}
    if method is not None
}
