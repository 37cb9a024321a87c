"""Target: the table that a statement changes, and which columns of a condition are surely its own. Pure.

Nothing is looked up, so a column without a qualifier belongs to the target only where no other table is in sight.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.syntax.sql import children, unwrap, walk

#: Every row has them, and none means anything to a person.
_SYSTEM_COLUMNS = frozenset({"ctid", "tableoid", "xmin", "xmax", "cmin", "cmax", "oid"})
#: What keeps a column's value, or a part of it, so that comparing it is comparing the column.
_KEEPING = frozenset({"lower", "upper", "btrim", "date", "date_trunc", "date_part", "extract"})
_PICKING = frozenset({"->", "->>", "#>", "#>>"})


@dataclass(frozen=True)
class Target:
    """The table of one DELETE, UPDATE, MERGE, or of a subquery that chooses rows of that table."""

    relation: pg.RangeVar
    #: What stands beside it: FROM, USING, or a MERGE's source; each a table, subquery, function or join.
    others: tuple[Message, ...] = ()
    #: The statement's WITH queries; several may have one name, in different places.
    queries: Mapping[str, Sequence[Message]] = field(default_factory=dict[str, Sequence[Message]])
    #: How many WITH queries were followed to get here.
    followed: int = 0
    #: What is known already of queries, by their identity: whole.py's.
    known: dict[int, tuple[Message, bool]] = field(default_factory=dict[int, tuple[Message, bool]], compare=False)

    @property
    def table(self) -> str:
        return self.relation.relname

    @property
    def qualifier(self) -> str:
        """By what its columns are qualified: an alias hides the table's name."""
        return self.relation.alias.aliasname or self.relation.relname

    def of(self, relation: pg.RangeVar, others: tuple[Message, ...]) -> "Target":
        """The same table, read in a subquery under another name."""
        return replace(self, relation=relation, others=others)

    def following(self) -> "Target":
        """Seen from within a WITH query."""
        return replace(self, followed=self.followed + 1)

    def column(self, expression: Message) -> str | None:
        """The column whose value the expression is, if it is surely the target's; None for anything else."""
        reference = _kept(unwrap(expression))
        if not isinstance(reference, pg.ColumnRef):
            return None
        name = unwrap(reference.fields[-1])
        if not isinstance(name, pg.String) or name.sval in _SYSTEM_COLUMNS:
            return None
        qualifier = qualifier_of(reference)
        surely = not self.others if qualifier is None else qualifier == self.qualifier
        return name.sval if surely and name.sval != self.qualifier else None

    def may_be_in(self, expression: Message) -> bool:
        """Whether the expression may depend on the target's row."""
        pending = [unwrap(expression)]
        while pending:
            node = pending.pop()
            if isinstance(node, pg.ColumnRef) and self._may_be(node):
                return True
            if isinstance(node, pg.SelectStmt):
                if self._may_be_in_select(node):
                    return True
                continue
            pending.extend(child for _, child in children(node))
        return False

    def _may_be(self, reference: pg.ColumnRef) -> bool:
        return qualifier_of(reference) in {None, self.qualifier}

    def _may_be_in_select(self, select: pg.SelectStmt) -> bool:
        """In a subquery a bare name is its own tables', where it has one; only theirs is not known to be."""
        own = any(isinstance(node, pg.RangeVar) for node in walk(select))
        references = [node for node in walk(select) if isinstance(node, pg.ColumnRef)]
        return any(self._may_be(node) and not (own and qualifier_of(node) is None) for node in references)


def qualifier_of(reference: pg.ColumnRef) -> str | None:
    """`t` of `t.id` and of `app.t.id`; None for a bare name."""
    return reference.fields[-2].string.sval if len(reference.fields) > 1 else None


def _kept(node: Message) -> Message:
    """The expression below casts, collations, and what else keeps a column's value or picks a part of it."""
    while True:
        if isinstance(node, pg.TypeCast | pg.CollateClause):
            node = unwrap(node.arg)
        elif isinstance(node, pg.FuncCall) and node.funcname[-1].string.sval in _KEEPING and node.args:
            columns = [each for each in map(unwrap, node.args) if not isinstance(each, pg.A_Const)]
            if len(columns) != 1:
                return node
            node = columns[0]
        elif isinstance(node, pg.A_Expr) and node.name[-1].string.sval in _PICKING and _is_constant(node.rexpr):
            node = unwrap(node.lexpr)
        else:
            return node


def _is_constant(node: pg.Node) -> bool:
    return isinstance(unwrap(node), pg.A_Const | pg.ParamRef)
