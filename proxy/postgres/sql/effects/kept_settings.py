"""Settings that a statement does not change now but has changed later, by what it keeps: a function, a check. Pure.

What names mean is settled by the search path and the role when a statement is read, and code that runs while it is read
or planned can change both: a domain's check on a literal, an immutable function. So what is judged beforehand is only
certain where no such code is made.
"""

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import ANY_SETTING, SqlLabel
from proxy.postgres.sql.effects.code import statements_of
from proxy.postgres.sql.effects.walk import effects
from proxy.postgres.sql.kinds import kind_of

#: Settings that say what names mean, and whose rights count.
NAMING = frozenset({"set:search_path", "set:role", "set:session_authorization", ANY_SETTING})
#: They set a value for whole sessions to come.
_FOR_SESSIONS = (pg.AlterRoleSetStmt, pg.AlterDatabaseSetStmt, pg.AlterSystemStmt)
_FOR_THE_CALL = "set"
_SETTER, _SETTINGS = "function:set_config", "reads:pg_settings"


def keeps_naming(statement: Message, labels: frozenset[str]) -> bool:
    """Whether what it makes changes what names mean when it runs; `labels` are the statement's."""
    if SqlLabel.DDL not in labels or isinstance(statement, _FOR_SESSIONS):
        return False
    if isinstance(statement, pg.CreateFunctionStmt):
        return _may_set(_without_options(statement)) or any(map(_defines, statements_of(statement)))
    return _may_set(labels) and not isinstance(statement, pg.AlterFunctionStmt)


def _may_set(labels: frozenset[str]) -> bool:
    """`function:set_config` alone gets its arguments later; pg_settings can be written, by a view as well."""
    is_computed = _SETTER in labels and not any(label.startswith("set:") for label in labels)
    return is_computed or _SETTINGS in labels or not NAMING.isdisjoint(labels)


def _defines(statement: Message) -> bool:
    """It gives names to other things than before."""
    return kind_of(statement.DESCRIPTOR.name) == SqlLabel.DDL


def _without_options(function: pg.CreateFunctionStmt) -> frozenset[str]:
    """Its labels but for those of `SET search_path = …`, which lasts as long as the call."""
    kept = [option for option in function.options if option.def_elem.defname != _FOR_THE_CALL]
    bare = pg.CreateFunctionStmt()
    bare.CopyFrom(function)
    del bare.options[:]
    bare.options.extend(kept)
    found = effects(bare)
    return frozenset(found.effects()).union(*found.parts)
