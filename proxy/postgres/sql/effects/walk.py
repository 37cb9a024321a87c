"""Everything that one statement does, found by a walk over its tree: the labels of found.py. Pure.

Each node is visited once, with its scope; nodes that mean something add their parts, and all others lead on to what
stands below them.
"""

from collections.abc import Iterable

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import SqlLabel
from proxy.postgres.sql.effects import rows
from proxy.postgres.sql.effects.calls.functions import add_attribute, add_call, add_function, add_operator, add_sampling
from proxy.postgres.sql.effects.calls.named import named_functions
from proxy.postgres.sql.effects.code import add_code
from proxy.postgres.sql.effects.conditions.restricting import depends_on_patterns
from proxy.postgres.sql.effects.copying import add_source
from proxy.postgres.sql.effects.definitions import effects_of, functions_of, tables_within
from proxy.postgres.sql.effects.found import Found
from proxy.postgres.sql.effects.names import all_tables, labels_of, remember, strings
from proxy.postgres.sql.effects.scope import Scope, below
from proxy.postgres.sql.effects.settings import add_setting
from proxy.postgres.sql.kinds import OBJECT_TABLES, is_analyze, label_of
from proxy.syntax.new_words import new_word
from proxy.syntax.sql import children, unwrap
from proxy.syntax.sql import walk as nodes_of

Places = Iterable[tuple[Message, Scope]]

#: Statements around another one: what that does counts, by itself.
_AROUND = (pg.PrepareStmt, pg.DeclareCursorStmt, pg.ReturnStmt)
_CHANGING = (pg.InsertStmt, pg.UpdateStmt, pg.DeleteStmt, pg.MergeStmt)
#: What they keep runs later, whenever somebody uses what they define; all else in a definition runs at once.
_RUN_AT_ONCE = (pg.CreateSchemaStmt, pg.CreateTableAsStmt)
#: Nodes that neither do anything nor lead on: most of a long list of values.
_LEAVES = frozenset({pg.A_Const, pg.String, pg.Integer, pg.Float, pg.Boolean, pg.ParamRef, pg.A_Star})
#: What DROP names behind the table that it belongs to.
_OF_TABLES = frozenset({pg.OBJECT_TRIGGER, pg.OBJECT_POLICY, pg.OBJECT_RULE})
_RELATION = frozenset({"relation"})


def effects(statement: Message, server: int = 0) -> Found:
    """What the statement does on a server of this major version; 0: not known, so as old as any."""
    return _Walk(statement, server).found


class _Walk:
    def __init__(self, statement: Message, server: int) -> None:
        self.found = Found()
        self._server = server
        self._queries: dict[str, list[Message]] = {}
        for node in nodes_of(statement):
            if isinstance(node, pg.CommonTableExpr):
                self._queries.setdefault(node.ctename, []).append(unwrap(node.ctequery))
        # Wherever a pattern stands: a WITH query or a joined subquery decides which rows a change meets, too.
        self.found.by_value = any(isinstance(node, _CHANGING) for node in nodes_of(statement)) and depends_on_patterns(
            statement
        )
        pending: list[tuple[Message, Scope]] = [(statement, Scope())]
        while pending:
            node, scope = pending.pop()
            if type(node) not in _LEAVES:
                pending.extend(self._visit(node, scope))

    def _visit(self, node: Message, scope: Scope) -> Places:
        match node:
            case pg.RangeVar():
                if not scope.knows(node):
                    self._table(node, scope)
                return ()
            case pg.FuncCall():
                add_call(self.found, node, scope)
            case pg.ColumnRef() | pg.A_Indirection():
                add_attribute(self.found, node, scope)
            case pg.RangeTableSample():
                add_sampling(self.found, node, scope)
            case pg.A_Expr():
                add_operator(self.found, node, scope)
            case pg.IntoClause() if scope.runs:
                return below(node, scope.of(SqlLabel.DDL))
            case pg.LockingClause():
                return ()
            case _ if (word := new_word(node)) is not None:
                if self._server < word.since:
                    add_function(self.found, [word.name], scope)
            case _:
                if node.DESCRIPTOR.name.endswith("Stmt"):
                    return self._statement(node, scope)
        return below(node, scope)

    def _table(self, table: pg.RangeVar, scope: Scope) -> None:
        """A table in a FROM, or one that a statement of another kind names."""
        if scope.kinds & {SqlLabel.DDL, SqlLabel.GRANT} or not scope.kinds & _READING:
            rows.add_named(self.found, table, scope)
        else:
            rows.add_read(self.found, table, scope)

    def _statement(self, node: Message, scope: Scope) -> Places:
        if isinstance(node, pg.ExecuteStmt):
            if scope.depth:
                # Which statement has that name when this runs, nobody knows.
                self.found.add([SqlLabel.UNPARSEABLE], scope.labels)
            # EXPLAIN EXECUTE plans, and computes the parameters all the same.
            return below(node, scope.running())
        if not scope.runs:
            return below(node, scope)
        if isinstance(node, pg.SelectStmt):
            self.found.whole.update(() if node.values_lists else {SqlLabel.READ})
            return below(node, scope.of(SqlLabel.SELECT))
        if isinstance(node, pg.ExplainStmt):
            return below(node, scope if is_analyze(node) else scope.of(SqlLabel.EXPLAIN).explained())
        if isinstance(node, _CHANGING):
            rows.add_changes(self.found, node, scope, self._queries)
            return below(node, scope.changing(rows.kind_of(node)), without=_RELATION)
        if isinstance(node, pg.CopyStmt):
            rows.add_copy(self.found, node, scope)
            add_source(self.found, node, scope)
            return below(node, scope.of(SqlLabel.COPY), without=_RELATION)
        if isinstance(node, _AROUND):
            return below(node, scope)
        if add_setting(self.found, node, scope):
            return ()
        return self._other(node, scope)

    def _other(self, node: Message, scope: Scope) -> Places:
        """A statement that defines something, or does what no table and no setting has to do with."""
        before = len(self.found.parts)
        kind = label_of(node.DESCRIPTOR.name)
        inside = scope.of(kind)
        places = list(self._inside(node, inside))
        for table in (each for each, _ in places if isinstance(each, pg.RangeVar)):
            rows.add_named(self.found, table, inside)
        names = [label for each, _ in places if isinstance(each, pg.RangeVar) for label in rows.named("table", each)]
        if within := tables_within(node):
            self.found.add([kind], within, scope.kept_by)
        for name in functions_of(node):
            # In a part alone, so that leave to call it is none to change it.
            self.found.add([kind], labels_of("function", name), scope.kept_by)
            remember(self.found, ("function",), name)
        for labels in effects_of(node):
            self.found.add(labels, names, scope.kept_by)
        if len(self.found.parts) == before and not isinstance(node, pg.CallStmt | pg.DoStmt) and not _has_table(node):
            self.found.add([kind], scope.kept_by)
        return [place for place in places if not isinstance(place[0], pg.RangeVar)]

    def _inside(self, node: Message, scope: Scope) -> Places:
        match node:
            case pg.TruncateStmt():
                rows.add_truncate(self.found, node, scope)
                return ()
            case pg.DropStmt():
                self._drop(node, scope)
            case pg.DoStmt() | pg.CreateFunctionStmt():
                kept = scope.kept(*scope.kinds)
                return [*add_code(self.found, node, kept), *below(node, kept)]
            case pg.CreateTrigStmt() | pg.CreateEventTrigStmt():
                tables = rows.named("table", node.relation) if isinstance(node, pg.CreateTrigStmt) else []
                add_function(self.found, strings(node.funcname), scope.kept(SqlLabel.DDL), tables)
            case _:
                for name in filter(None, named_functions(node)):
                    add_function(self.found, name, scope.kept(SqlLabel.DDL))
        is_definition = SqlLabel.DDL in scope.kinds and not isinstance(node, _RUN_AT_ONCE)
        return below(node, scope.kept(SqlLabel.DDL) if is_definition else scope)

    def _drop(self, node: pg.DropStmt, scope: Scope) -> None:
        """Each thing that is dropped, in the names that labels give it."""
        dropped = [SqlLabel.DDL, SqlLabel.DROP]
        prefix = "table" if node.remove_type in OBJECT_TABLES else "object"
        for target in map(unwrap, node.objects):
            if isinstance(target, pg.List):
                name = strings(target.items)
                table = name[:-1] if node.remove_type in _OF_TABLES else []
                self.found.add(dropped, labels_of(prefix, name), labels_of("table", table), scope.kept_by)
                remember(self.found, (prefix,), name)
                remember(self.found, ("table",), table)
            elif isinstance(target, pg.ObjectWithArgs):
                name = strings(target.objname)
                self.found.add(dropped, labels_of("function", name), scope.kept_by)
                remember(self.found, ("function",), name)
            else:
                name = strings(target.names) if isinstance(target, pg.TypeName) else [getattr(target, "sval", "")]
                tables = all_tables(name) if node.remove_type == pg.OBJECT_SCHEMA else []
                self.found.add(dropped, labels_of("object", name), tables, scope.kept_by)
                remember(self.found, ("object",), name)


def _has_table(statement: Message) -> bool:
    """Whether it names a table itself, not by a statement in it; then its kind stands in that table's part."""
    pending = [child for _, child in children(statement)]
    while pending:
        node = pending.pop()
        if isinstance(node, pg.RangeVar):
            return True
        if not node.DESCRIPTOR.name.endswith("Stmt"):
            pending.extend(child for _, child in children(node))
    return False


#: Kinds of statements whose FROM reads.
_READING = frozenset(
    {SqlLabel.SELECT, SqlLabel.INSERT, SqlLabel.UPDATE, SqlLabel.DELETE, SqlLabel.MERGE, SqlLabel.EXPLAIN}
)
