"""Hints: what is said of a statement that is refused for its use of masked columns, and what to write instead. Pure."""

from typing import NamedTuple

from proxy.postgres.sql.columns.relations import Used, Why

_INSTEAD = {
    Why.USED: "This statement uses masked data ({}) otherwise than selecting it as a plain column. "
    "Select the column by itself, and it comes back masked; IS NULL and count() work.",
    Why.COMPARED: "This statement orders, groups or compares rows by masked data ({}), which would tell what it is. "
    "Leave it out, or use columns that are not masked.",
    Why.WHOLE_ROW: "This statement uses a whole row that has masked data ({}), or a function of one. "
    "Name the columns that you need, or build the row from them: (select id, name from …) x.",
    Why.MOVED: "This statement would take masked data ({}) to where Gatepass could not tell it any more. "
    "Leave the column out, or SELECT it by itself, and it comes back masked.",
    Why.RENAMED: "This statement gives masked data ({}) another name, where only its name would tell. "
    "Keep the column's own name.",
    Why.NOT_KNOWN: "Gatepass does not know {} yet, and this database has masked data. Check the name. If it was "
    "made in this transaction or by another session, end the transaction and run this again.",
    Why.NO_SUCH_COLUMN: "Gatepass knows no column {} at this place, beside masked data. Check the name, and write "
    "it with its table's: t.column. What was made in this transaction is known after its end.",
    Why.SHAPE: "Gatepass does not know what {} does with masked data. "
    "Write it without, or over a subquery of the columns that you need.",
    Why.COUNTED: "This session or database has a function count() of its own, and it would see masked data ({}). "
    "Write pg_catalog.count(…) or count(*).",
    Why.AROUND: "{} reads around columns, or runs text that Gatepass cannot look into, and this database has masked "
    "data. Select what you need from the tables themselves.",
    Why.CODE: "This statement would run other code over masked data, or names them in code ({}). Leave them out of it.",
    Why.BODY: "Code that reads rows, or that Gatepass cannot follow ({}), is not made or run through it where a "
    "database has masked data: its names mean what they mean when it runs. Write a query, keep code to expressions of "
    "its arguments, or have it made by a migration that does not pass Gatepass.",
    Why.KEPT: "This database has masked data, and only the names of functions, types and schemas tell what they "
    "give ({}). Keep the name, or have it changed by a migration that does not pass Gatepass.",
    Why.GROWN: "This view would show masked data ({}) that it did not before, to what reads it already. "
    "Make it under another name.",
    Why.PLANNED: "{} has rows come in an order that tells masked data. Leave the planner's settings as they are, "
    "and write names of settings as texts.",
    Why.ENCODED: "COPY in the encoding {} cannot be masked. Use ENCODING 'UTF8', or leave it out.",
    Why.SHADOWED: "This database has masked data, and code that is there already may come to mean this by its name "
    "({}). Choose a name that nothing has, or have it changed by a migration that does not pass Gatepass.",
    Why.PLACES: "This database has masked data, and code or columns of it count on what {} is made of, which this "
    "would change. Have it changed by a migration that does not pass Gatepass.",
    Why.DROPPED: "This database has masked data, and code that is there may call or name what {} takes away, so that "
    "another thing could take its place. Have it dropped by a migration that does not pass Gatepass.",
    Why.SETTING: "This would keep something that sets or shows settings when it is used ({}), and this database has "
    "masked data. Use SET and SHOW by themselves.",
    Why.DEPTH: "This statement is nested too deeply to be checked for masked data. Write it with fewer levels.",
}


class Refusal(NamedTuple):
    """What the client is told; `is_news`: a newer catalogue may know what this one does not."""

    sentence: str
    is_news: bool = False


def refusal(used: Used) -> Refusal:
    """The sentence for it."""
    return Refusal(_INSTEAD[used.why].format(used.name), used.why in {Why.NOT_KNOWN, Why.NO_SUCH_COLUMN})
