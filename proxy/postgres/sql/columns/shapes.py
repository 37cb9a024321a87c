"""Shapes: that a node has no part but those that its reader knows. Pure.

A later grammar, or a clause that was forgotten, must be refused and not skipped.
"""

from google.protobuf.message import Message

from proxy.postgres.sql.columns.relations import Used, Why

#: Where a node stands, and what only says how it is written.
_PLACES = frozenset({"location", "stmt_location", "stmt_len"})


def only(node: Message, fields: frozenset[str]) -> None:
    """Raises Used where the node has another part than these."""
    for field, _ in node.ListFields():
        if field.name not in fields and field.name not in _PLACES:
            raise Used(f"{node.DESCRIPTOR.name} {field.name}", Why.SHAPE)
