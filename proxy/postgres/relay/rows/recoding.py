"""Whether a statement that has run may have changed the encoding in which the rows of a COPY come. Pure.

The server tells of another client_encoding with its next ReadyForQuery. Up to there a COPY may come in any, and in some
a longer character has bytes of ASCII in it, by which its cells would be taken apart in the wrong places.
"""

from access.policy.labels import ANY_SETTING, UNPARSEABLE, SqlLabel
from proxy.postgres.sql.texts.query import QueryAnalysis

RECODED = (
    "Gatepass cannot tell in which encoding the rows of this COPY come, so it cannot mask them: something before it in "
    "the same batch or query may have set client_encoding. Send the COPY by itself."
)
#: Labels of what may set it; a view of PostgreSQL's own sets what is written into it.
_RECODING = frozenset(
    {ANY_SETTING, "set:client_encoding", "table:pg_settings"}
    | {SqlLabel.CALL, SqlLabel.DO, SqlLabel.OPAQUE_FUNCTION, UNPARSEABLE}
)
#: The server's word for what ends a transaction and takes its settings back.
_ROLLBACK = b"ROLLBACK"


def may_recode(analysis: QueryAnalysis, tag: bytes) -> bool:
    """Whether what was completed with this tag, or something in the same query, may have set client_encoding."""
    return tag.startswith(_ROLLBACK) or any(not _RECODING.isdisjoint(each.facts.labels) for each in analysis.statements)
