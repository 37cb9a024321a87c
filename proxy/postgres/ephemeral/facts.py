"""What has to be known of a server before a role is made on it, and after: queries of ours, and their answers. Pure.

Everything is asked with pg_catalog written out, and each name is a literal.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from proxy.postgres.ephemeral.statements import SEPARATE_OPTIONS, literal

#: From here on a role can have its template's rights and still not become it: WITH SET FALSE.
OLDEST = SEPARATE_OPTIONS
#: A role's own settings that must not be set for the gateway's own connection; the first is the client's to choose.
_NOT_KEPT = frozenset({"client_encoding"})
_WHO_ONE_IS = frozenset({"role", "session_authorization"})


def template(name: str) -> str:
    """One row: version, may log in, and whether it or a role that it belongs to is more than its rights.

    The last is the name of the first such role; empty for none.
    """
    return (
        "select pg_catalog.current_setting('server_version_num'), t.rolcanlogin,"
        " (select d.rolname from pg_catalog.pg_roles d where pg_catalog.pg_has_role(t.oid, d.oid, 'MEMBER')"
        " and (d.rolsuper or d.rolcreaterole or d.rolreplication or d.rolbypassrls) order by 1 limit 1)"
        f" from pg_catalog.pg_roles t where t.rolname = {literal(name)}"
    )


@dataclass(frozen=True)
class Template:
    """The role whose rights a session's role gets."""

    name: str
    version: int


def read_template(name: str, rows: Sequence[Sequence[str]]) -> Template | str:
    """From the row of `template`; or why it is none, as the rest of a sentence."""
    if not rows:
        return f"its template {name} does not exist"
    [version, can_log_in, powerful] = rows[0]
    found = Template(name, int(version))
    if found.version < OLDEST:
        return (
            f"it is PostgreSQL {found.version // 10_000}, where a session could become its template and leave things "
            "behind: use PostgreSQL 16 or later, or a role with an account of its own"
        )
    if can_log_in == "t":
        return f"its template {name} can log in, so a session could leave it with another password: make it NOLOGIN"
    if powerful:
        return (
            f"its template {name} is or belongs to {powerful}, which is superuser, or may make roles, replicate or "
            "bypass row security: a session must not become that"
        )
    return found


def settings(name: str) -> str:
    """Rows `name=value` of the template's own settings: in all databases, then in this one."""
    return (
        "select pg_catalog.unnest(s.setconfig) from pg_catalog.pg_db_role_setting s"
        " where s.setrole = (select oid from pg_catalog.pg_roles where rolname = "
        f"{literal(name)}) and s.setdatabase in (0, (select oid from pg_catalog.pg_database"
        " where datname = pg_catalog.current_database())) order by s.setdatabase"
    )


def read_settings(rows: Iterable[Sequence[str]]) -> dict[str, str] | str:
    """From the rows of `settings`, the later over the earlier; or why they cannot be kept, as above."""
    found: dict[str, str] = {}
    for [each] in rows:
        setting, _, value = each.partition("=")
        if setting in _WHO_ONE_IS:
            return f"its template has the setting {setting}, which would make its sessions somebody else"
        if setting not in _NOT_KEPT:
            found[setting] = value
    return found


# --- rights, for grants by column ---------------------------------------------------------------------------------

_OURS = (
    "c.oid >= 16384 and n.nspname !~ '^pg_(toast|temp)' and c.relkind in ('r', 'v', 'm', 'f', 'p')"
    " and t.rolname = {template}"
)
_RELATIONS = (
    " from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
    " cross join pg_catalog.pg_roles t"
)


def column_rights(template: str) -> str:
    """Rows: table's OID, schema, table, number, column, and whether the template may select, insert and update it."""
    rights = ", ".join(
        f"pg_catalog.has_column_privilege(t.oid, c.oid, a.attnum, '{each}')" for each in ("SELECT", "INSERT", "UPDATE")
    )
    return (
        f"select c.oid, n.nspname, c.relname, a.attnum, a.attname, {rights}{_RELATIONS}"
        " join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
        f" where {_OURS.format(template=literal(template))} order by c.oid, a.attnum"
    )


def table_rights(template: str) -> str:
    """Rows: table's OID, and a privilege for whole tables that the template has."""
    return (
        f"select c.oid, p.word{_RELATIONS} cross join (values ('delete'), ('truncate')) p(word)"
        f" where {_OURS.format(template=literal(template))} and pg_catalog.has_table_privilege(t.oid, c.oid, p.word)"
    )


#: Rows: table's OID and number (0: a view, all of it), and the OID and number of a column that it is made from.
USES = (
    "select v.ev_class, 0, d.refobjid, d.refobjsubid from pg_catalog.pg_depend d"
    " join pg_catalog.pg_rewrite v on v.oid = d.objid"
    " where d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass"
    " and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjsubid > 0 and d.refobjid <> v.ev_class"
    " union select g.adrelid, g.adnum, d.refobjid, d.refobjsubid from pg_catalog.pg_attrdef g"
    " join pg_catalog.pg_attribute a on a.attrelid = g.adrelid and a.attnum = g.adnum and a.attgenerated <> ''"
    " join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
    " and d.refobjid = g.adrelid and d.refobjsubid > 0 and d.refobjsubid <> g.adnum"
    " and ((d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and d.objid = g.oid)"
    " or (d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = g.adrelid and d.objsubid = g.adnum))"
)


def other_rights(template: str, role: str) -> str:
    """Rows: what else is to be granted, as the words between GRANT and TO: what the template may and `role` may not.

    Schemas, sequences, the database, and functions that do not run with the rights of their owner.
    """
    of_template, of_role = literal(template), literal(role)
    return (
        "select pg_catalog.format('usage on schema %I', n.nspname) from pg_catalog.pg_namespace n"
        f" where n.nspname !~ '^pg_' and pg_catalog.has_schema_privilege({of_template}, n.oid, 'USAGE')"
        f" and not pg_catalog.has_schema_privilege({of_role}, n.oid, 'USAGE')"
        " union all select pg_catalog.format('%s on database %I', p.word, d.datname) from pg_catalog.pg_database d"
        " cross join (values ('connect'), ('temporary')) p(word) where d.datname = pg_catalog.current_database()"
        f" and pg_catalog.has_database_privilege({of_template}, d.oid, p.word)"
        f" and not pg_catalog.has_database_privilege({of_role}, d.oid, p.word)"
        " union all select pg_catalog.format('%s on sequence %I.%I', p.word, n.nspname, c.relname)"
        " from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
        " cross join (values ('usage'), ('select')) p(word) where c.relkind = 'S' and n.nspname !~ '^pg_'"
        f" and pg_catalog.has_sequence_privilege({of_template}, c.oid, p.word)"
        f" and not pg_catalog.has_sequence_privilege({of_role}, c.oid, p.word)"
        " union all select pg_catalog.format('execute on routine %s', f.oid::pg_catalog.regprocedure)"
        " from pg_catalog.pg_proc f where f.oid >= 16384 and not f.prosecdef"
        f" and pg_catalog.has_function_privilege({of_template}, f.oid, 'EXECUTE')"
        f" and not pg_catalog.has_function_privilege({of_role}, f.oid, 'EXECUTE')"
    )


def readable_anyway(role: str, columns: Iterable[tuple[int, int]]) -> str:
    """Rows: those of `columns` that the role may read, or have a trigger of its own read, by whatever right."""
    return (
        f"select c.oid::pg_catalog.regclass, a.attname{_listed(columns)}"
        f" where pg_catalog.has_column_privilege({literal(role)}, c.oid, a.attnum, 'SELECT')"
        f" or pg_catalog.has_table_privilege({literal(role)}, c.oid, 'TRIGGER') limit 1"
    )


def not_readable(role: str, columns: Iterable[tuple[int, int]]) -> str:
    """Rows: those of `columns` that the role may not read."""
    return (
        f"select c.oid::pg_catalog.regclass, a.attname{_listed(columns)}"
        f" where not pg_catalog.has_column_privilege({literal(role)}, c.oid, a.attnum, 'SELECT') limit 1"
    )


def _listed(columns: Iterable[tuple[int, int]]) -> str:
    values = ", ".join(f"({oid}, {number})" for oid, number in columns)
    return (
        f" from (values {values}) l(oid, number) join pg_catalog.pg_class c on c.oid = l.oid"
        " join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = l.number and not a.attisdropped"
    )


def may_create(role: str) -> str:
    """Rows: a schema or database where the role could leave something that outlives it."""
    return (
        "select 'schema ' || n.nspname from pg_catalog.pg_namespace n where n.nspname !~ '^pg_'"
        f" and pg_catalog.has_schema_privilege({literal(role)}, n.oid, 'CREATE')"
        " union all select 'database ' || d.datname from pg_catalog.pg_database d"
        " where d.datname = pg_catalog.current_database()"
        f" and pg_catalog.has_database_privilege({literal(role)}, d.oid, 'CREATE') limit 1"
    )


# --- the end ------------------------------------------------------------------------------------------------------


def exists(role: str) -> str:
    """A row with the server's version if there is such a role; none if not."""
    return (
        "select pg_catalog.current_setting('server_version_num') from pg_catalog.pg_roles"
        f" where rolname = {literal(role)}"
    )


def ended_connections(role: str, wait_ms: int) -> str:
    """End the role's connections and wait for each, for so long; a row for each, `t` if it is gone."""
    return (
        f"select pg_catalog.pg_terminate_backend(pid, {wait_ms}) from pg_catalog.pg_stat_activity"
        f" where usename = {literal(role)}"
    )


def holdings(role: str) -> str:
    """One row: how many objects it owns here, and on how many things in all it stands here, rights and defaults too."""
    return (
        "select pg_catalog.count(*) filter (where s.deptype = 'o'"
        " and s.classid <> 'pg_catalog.pg_default_acl'::pg_catalog.regclass), pg_catalog.count(*)"
        " from pg_catalog.pg_shdepend s where s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass"
        f" and s.refobjid = (select oid from pg_catalog.pg_roles where rolname = {literal(role)})"
        " and s.dbid in (0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))"
    )


def prepared(role: str) -> str:
    """Rows: the names of the transactions that it prepared here and that nobody has finished."""
    return (
        "select p.gid from pg_catalog.pg_prepared_xacts p"
        f" where p.owner = {literal(role)} and p.database = pg_catalog.current_database()"
    )


def schemas(role: str) -> str:
    """Rows: the schemas that it owns here."""
    return (
        "select n.nspname from pg_catalog.pg_namespace n where n.nspowner ="
        f" (select oid from pg_catalog.pg_roles where rolname = {literal(role)})"
    )


def schemas_to_lend(role: str, heir: str) -> str:
    """Rows: the schemas in which it owns something and `heir` may not create anything."""
    return (
        "select n.nspname from pg_catalog.pg_namespace n"
        f" where not pg_catalog.has_schema_privilege({literal(heir)}, n.oid, 'CREATE') and n.oid in"
        " (select d.refobjid from pg_catalog.pg_depend d join pg_catalog.pg_shdepend s"
        " on s.classid = d.classid and s.objid = d.objid and s.deptype = 'o'"
        " and s.dbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())"
        " where d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass"
        " and s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass"
        f" and s.refobjid = (select oid from pg_catalog.pg_roles where rolname = {literal(role)}))"
    )


def granted(role: str, version: int) -> str:
    """Rows: what we or those whose rights we have granted it here, as the words between REVOKE and FROM, and by whom.

    The grantor is empty for ourselves, and for those who we may not become. Not DROP OWNED, which fails at objects
    that we have no right on, and passes over what others granted.
    """
    ours = (
        f"a.grantee = (select oid from pg_catalog.pg_roles where rolname = {literal(role)})"
        " and pg_catalog.pg_has_role(a.grantor, 'USAGE')"
    )
    become = "SET" if version >= SEPARATE_OPTIONS else "MEMBER"
    return (
        "select w.words, case when w.grantor <> r.oid"
        f" and pg_catalog.pg_has_role(w.grantor, '{become}') then pg_catalog.pg_get_userbyid(w.grantor) else '' end"
        f" from ({_granted(ours)}) w(words, grantor)"
        " join pg_catalog.pg_roles r on r.rolname = current_user"
    )


def _granted(ours: str) -> str:
    """Rows: words and grantor, of the rights of which `ours` is true."""
    return (
        "select pg_catalog.format('%s (%I) on table %I.%I', a.privilege_type, t.attname, n.nspname, c.relname),"
        " a.grantor"
        " from pg_catalog.pg_attribute t cross join lateral pg_catalog.aclexplode(t.attacl) a"
        " join pg_catalog.pg_class c on c.oid = t.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
        f" where t.attacl is not null and not t.attisdropped and {ours}"
        " union all select pg_catalog.format('%s on %s %I.%I', a.privilege_type,"
        " case c.relkind when 'S' then 'sequence' else 'table' end, n.nspname, c.relname), a.grantor"
        " from pg_catalog.pg_class c cross join lateral pg_catalog.aclexplode(c.relacl) a"
        f" join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relacl is not null and {ours}"
        " union all select pg_catalog.format('%s on schema %I', a.privilege_type, n.nspname), a.grantor"
        " from pg_catalog.pg_namespace n cross join lateral pg_catalog.aclexplode(n.nspacl) a"
        f" where n.nspacl is not null and {ours}"
        " union all select pg_catalog.format('%s on database %I', a.privilege_type, d.datname), a.grantor"
        " from pg_catalog.pg_database d cross join lateral pg_catalog.aclexplode(d.datacl) a"
        f" where d.datname = pg_catalog.current_database() and d.datacl is not null and {ours}"
        " union all select pg_catalog.format('%s on routine %s', a.privilege_type, f.oid::pg_catalog.regprocedure),"
        " a.grantor"
        " from pg_catalog.pg_proc f cross join lateral pg_catalog.aclexplode(f.proacl) a"
        f" where f.proacl is not null and {ours}"
    )


#: Rows: roles that may be ours, their comments, and whether their time has been over for a while.
CANDIDATES = (
    "select r.rolname, pg_catalog.shobj_description(r.oid, 'pg_authid'),"
    " r.rolvaliduntil < pg_catalog.now() - interval '5 minutes'"
    " from pg_catalog.pg_roles r where pg_catalog.starts_with(r.rolname::pg_catalog.text, 'gp_')"
    " and pg_catalog.shobj_description(r.oid, 'pg_authid') is not null"
)
