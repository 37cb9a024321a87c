"""psql, Debian's and PostgreSQL 18's: what people type, byte for byte what it is at the server itself."""

import re
from collections.abc import Callable

import pytest

from support.clients import databases, postgres_programs
from support.clients.missing import needs
from support.clients.postgres_programs import Programs
from support.clients.served import Served
from support.clients.ways import Databases, Ran, ToDatabase, run
from support.postgres import Target

#: The name of each case, and what psql reads from its standard input.
TYPED = {
    **{
        f"describe {command}": f"\\{command}\n"
        for command in [
            "d",
            "d+",
            "dt+",
            "di+",
            "ds",
            "dv",
            "dm",
            "df",
            "df+",
            "dT+",
            "dD",
            "dn+",
            "du",
            "dp",
            "ddp",
            "dC",
            "dy",
            "dx",
            "dF",
            "dA",
            "dO",
            "dL",
            "dg",
            "db",
            "dE",
            "det",
            "dRp",
            "dRs",
            "dX",
            "l",
        ]
    },
    "describe a table": "\\d+ people\n\\d orders\n\\d events\n\\d+ happy\n\\d+ totals\n\\dT+ mood\n\\dD short\n",
    "describe a setting": "\\dconfig work_mem\n",
    "describe a pattern": "\\dt *.p*\n\\dt nothing_like_it\n\\df twice\n\\sf twice\n\\sv happy\n",
    "select": "select * from people order by id limit 20;\n",
    "every type": "\\x\nselect * from every_type;\n",
    "formats": "".join(
        f"\\pset format {name}\nselect id, name, tags, doc from people order by id limit 3;\n"
        for name in ("aligned", "wrapped", "unaligned", "csv", "html", "asciidoc", "latex", "troff-ms")
    ),
    "crosstab": "select person, id % 3 as third, count(*) from orders where person < 5 group by 1, 2 order by 1, 2 "
    "\\crosstabview\n",
    "fetch count": "\\set FETCH_COUNT 7\nselect id, note from orders order by id limit 100;\n",
    "fetch count and an error": "\\set FETCH_COUNT 7\nselect 1 / (20 - id) from people order by id;\n",
    "gdesc": "select * from every_type \\gdesc\nselect 1 as a, 'x'::text as b \\gdesc\n"
    "insert into orders values (0) \\gdesc\n",
    "gset": "select 7 as seven, 'x y' as words \\gset\n\\echo :seven :'words'\nselect :seven + 1;\n",
    "gexec": "select format('select %s as n', n) from generate_series(1, 4) n \\gexec\n",
    "gx": "select * from people where id = 3 \\gx\n",
    "several in one": "select 1 \\; select 2 \\; select 'three';\n",
    "several with an error": "select 1 \\; select 1 / 0 \\; select 2;\nselect 'after';\n",
    "errors": "select * from nowhere;\nselect nothing from people;\nselect 'x'::int;\nselect twice('a', 'b');\n"
    "insert into orders values (1, 1);\ninsert into orders values (5000, 99999);\n",
    "errverbose": "select nothing from people;\n\\errverbose\n",
    "verbosity": "\\set VERBOSITY verbose\nselect * from nowhere;\n\\set VERBOSITY sqlstate\nselect 1 / 0;\n",
    "transaction": "begin;\ncreate temp table t (n int);\ninsert into t values (1);\nsavepoint a;\nselect 1 / 0;\n"
    "rollback to a;\ninsert into t values (2) returning n;\nselect * from t;\nrollback;\nselect * from t;\n",
    "on error rollback": "\\set ON_ERROR_ROLLBACK on\nbegin;\nselect 1 / 0;\nselect 'goes on';\ncommit;\n",
    "on error stop": "\\set ON_ERROR_STOP on\nselect 1 / 0;\nselect 'never';\n",
    "autocommit off": "\\set AUTOCOMMIT off\nselect 1;\nselect 2;\ncommit;\n",
    "prepare": "prepare p (int) as select name from people where id = $1;\n"
    "execute p(3);\nexecute p(4);\ndeallocate p;\n"
    "execute p(5);\n",
    "cursor": "begin;\ndeclare c cursor for select id from people order by id;\nfetch 3 from c;\nmove 2 in c;\n"
    "fetch 1 from c;\nclose c;\nfetch 1 from c;\nrollback;\n",
    "copy out": "\\copy people to stdout\n\\copy (select id, doc from people order by id) to stdout csv header\n",
    "copy in": "create temp table t (n int, s text);\n\\copy t from stdin\n1\tone\n2\t\\N\n\\.\n"
    '\\copy t from stdin csv\n3,"th,ree"\n\\.\ncopy t from stdin;\n4\tfour\n\\.\ntable t;\ncopy t to stdout;\n',
    "copy in and an error": "create temp table t (n int);\n\\copy t from stdin\n1\nnot a number\n\\.\ntable t;\n",
    "notices": "create temp table if not exists t (n int);\ncreate temp table if not exists t (n int);\n"
    "drop table if exists nowhere;\n",
    "listen": "listen here;\nnotify here, 'said';\nselect 1;\n",
    "call": "call add_to(4);\n",
    "do": "do $$ begin raise notice 'n is %', 5;"
    " raise exception 'no' using errcode = 'ZX001', hint = 'a hint'; end $$;\n",
    "explain": "explain (costs off) select * from people where id = 3;\nexplain (format json, costs off) select 1;\n",
    "settings": "set datestyle = 'German, DMY';\nselect born from people where id = 1;\nset timezone = 'Asia/Tokyo';\n"
    "select at from people where id = 1;\nset bytea_output = 'escape';\nselect j from every_type;\nshow datestyle;\n",
    "latin1": "set client_encoding = 'latin1';\nselect g from every_type where a = 0;\n"
    "select chr(228);\nselect 'gr\\374n';\n",
    "wide": "select " + ", ".join(f"{n} as c{n}" for n in range(1600)) + ";\n",
    "long": "select length('" + "x" * 2_000_000 + "');\n",
    "long row": "select repeat('0123456789abcdef ', 100000);\n",
    "many rows": "select n, 'row ' || n from generate_series(1, 50000) n;\n",
    "timing is off, echo is on": "\\set ECHO all\nselect 1;\n\\echo done\n",
    "if": "select true as yes \\gset\n\\if :yes\n\\echo yes\n\\else\n\\echo no\n\\endif\n",
    "unicode": "select 'ü€𝄞', U&'\\00fc', E'\\u20ac', length('𝄞');\n",
    "null": "\\pset null '(null)'\nselect null, '';\n",
    "no such command": "\\nosuch\n\\d people extra\n",
}
#: What psql of PostgreSQL 16 and later has.
NEWER = {
    "bind": "select $1 + $2 \\bind 3 4 \\g\nselect $1::text, $2::int \\bind 'a b' 7 \\gx\nselect $1 \\bind \\g\n",
    "parse and bind named": "select $1::int + 1 \\parse s\n"
    "\\bind_named s 4 \\g\n\\bind_named s 5 \\g\n\\close_prepared s\n"
    "\\bind_named s 6 \\g\n",
    "pipeline": "\\startpipeline\nselect 1 \\bind \\sendpipeline\nselect $1 \\bind two \\sendpipeline\n\\syncpipeline\n"
    "select 1 / 0 \\bind \\sendpipeline\nselect 'lost' \\bind \\sendpipeline\n\\syncpipeline\n"
    "select 3 \\bind \\sendpipeline\n\\flushrequest\n\\getresults\n\\endpipeline\nselect 'after';\n",
    "chunked fetch": "\\set FETCH_COUNT 3\nselect id from people order by id limit 10;\n",
}
ARGUMENTS = {
    "single transaction": ["-1", "-c", "select 1", "-c", "select 1 / 0", "-c", "select 2"],
    "unaligned": ["-At", "-F", "|", "-c", "select id, name from people order by id limit 5"],
    "csv": ["--csv", "-c", "select id, doc, tags from people order by id limit 5"],
    "variables": ["-v", "n=4", "-c", "select 1", "-c", "\\echo :n"],
    "stops": ["-v", "ON_ERROR_STOP=1", "-c", "select 1", "-c", "select 1 / 0", "-c", "select 2"],
    "echoes": ["-e", "-c", "select 1"],
    "shows hidden queries": ["-E", "-c", "\\d people"],
}

Psql = Callable[..., Ran]
both_versions = pytest.mark.parametrize(
    "version",
    [
        pytest.param(postgres_programs.debian, id="debian", marks=needs("Debian's psql", "psql")),
        pytest.param(postgres_programs.newest, id="18"),
    ],
)
#: The process that notified: the session's own, and so another one each time.
_PID = re.compile(rb"(?<=PID )\d+")


def psql(way: ToDatabase, programs: Programs, *arguments: str, typed: str = "") -> Ran:
    environment = {**way.environment, **programs.environment, "PSQL_HISTORY": "/dev/null", "COLUMNS": "120"}
    seen = run(programs.command("psql", "-X", "--no-password", *arguments), environment, stdin=typed.encode())
    return Ran(seen.status, _PID.sub(b"N", seen.out), seen.err)


@both_versions
@pytest.mark.parametrize("case", TYPED)
def test_typed(database: Databases, version: Callable[[], Programs], case: str) -> None:
    seen = database.same(lambda way: psql(way, version(), typed=TYPED[case]))
    assert seen.out or seen.err


@pytest.mark.parametrize("case", NEWER)
def test_typed_at_18(database: Databases, case: str) -> None:
    seen = database.same(lambda way: psql(way, postgres_programs.newest(), typed=NEWER[case]))
    assert b"invalid command" not in seen.err


@both_versions
@pytest.mark.parametrize("case", ARGUMENTS)
def test_arguments(database: Databases, version: Callable[[], Programs], case: str) -> None:
    seen = database.same(lambda way: psql(way, version(), *ARGUMENTS[case]))
    assert seen.out


@both_versions
def test_a_syntax_error(plain: Databases, version: Callable[[], Programs]) -> None:
    assert b"syntax error" in plain.same(lambda way: psql(way, version(), typed="selekt 1;\nselect 2;\n")).err


def test_a_syntax_error_where_statements_are_judged(target: Target, served: Served) -> None:
    """What is no SQL cannot be judged, so the gateway says so; the session goes on as it does at the server."""
    ways = databases.ways(target, served, databases.CHECKED, databases.CHECKED)
    [direct, through] = ways.each(lambda way: psql(way, postgres_programs.newest(), typed="selekt 1;\nselect 2;\n"))
    assert (through.status, through.out) == (direct.status, direct.out)
    assert b"could not parse this statement" in through.err


def test_large_objects(plain: Databases) -> None:
    typed = "\\lo_import /etc/hostname\n\\lo_list\n\\lo_export :LASTOID /dev/null\n\\lo_unlink :LASTOID\n"
    [direct, through] = plain.each(lambda way: psql(way, postgres_programs.newest(), typed=typed))
    assert (through.status, through.err) == (direct.status, direct.err)
