"""How many rows a plan expects a statement to touch, from EXPLAIN (FORMAT JSON). Pure."""

import json
from collections.abc import Iterator
from typing import Any, cast

_MODIFY = "ModifyTable"


def rows_of(explained: str) -> int | None:
    """Rows that the statement changes, or reads if it changes none; None: this is no plan.

    PostgreSQL docs, EXPLAIN: a ModifyTable node says 0 of itself, what it changes comes out of the node below it.
    """
    try:
        document: Any = json.loads(explained)
        top = cast("dict[str, Any]", document[0]["Plan"])
        changed = [_below(node) for node in _nodes(top) if node["Node Type"] == _MODIFY]
        return sum(changed) if changed else int(top["Plan Rows"])
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return None


def in_words(rows: int | None) -> str:
    """`about 1,204,331 rows`."""
    if rows is None:
        return "unknown"
    return f"about {rows:,} {'row' if rows == 1 else 'rows'}"


def _below(modify: dict[str, Any]) -> int:
    # INSERT … ON CONFLICT and MERGE have further children, which are no source of rows.
    return sum(int(each["Plan Rows"]) for each in modify.get("Plans", []) if each["Parent Relationship"] == "Outer")


def _nodes(top: dict[str, Any]) -> Iterator[dict[str, Any]]:
    pending = [top]
    while pending:
        node = pending.pop()
        yield node
        pending += node.get("Plans", [])
