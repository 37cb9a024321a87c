"""Generated SQL programs: code in code, data in all spellings, comments and names, with what each acts on and hides."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

#: A test number of Visa's, as a base for others of sixteen digits.
_CARD = 4_111_111_111_111_111
_SPELLINGS = ("'{}'", "'{}'", "E'{}'", "${}$", "$a${}$a$", "U&'{}'", "N'{}'", "'{}'\n'{}'", "date '{}'", "1")
_READERS = ("query_to_xml({}, true, true, '')", "ts_stat({})", "dblink_exec({})", "pg_catalog.query_to_xml({})")


@dataclass
class Program:
    """One program."""

    sql: str = ""
    #: Names of relations and functions, in the order of the text.
    acts: list[str] = field(default_factory=list[str])
    #: What nobody may be shown.
    secrets: list[str] = field(default_factory=list[str])


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """One to three statements, with code in literals up to three deep."""
    maker = _Maker(draw)
    count = draw(st.integers(1, 3))
    maker.program.sql = ";".join(maker.gap() + maker.statement(3) for _ in range(count))
    return maker.program


class _Maker:
    def __init__(self, draw: st.DrawFn) -> None:
        self.program = Program()
        self._draw = draw
        self._number = 0

    def statement(self, depth: int) -> str:
        plain = [self._select, self._insert, self._update, self._delete, self._drop, self._merge, self._set, self._role]
        nested: list[Callable[[int], str]] = [
            *(self._do, self._function_body, self._atomic, self._reader, self._prepare, self._explain, self._cte),
            *(self._called, self._copy),
        ]
        options = [*plain, *nested] if depth else plain
        return self._draw(st.sampled_from(options))(depth - 1)

    # --- words --------------------------------------------------------------------------------------------------------

    def choose(self, *options: str) -> str:
        return self._draw(st.sampled_from(options))

    def gap(self) -> str:
        return self.choose(" ", " ", "\n", " /* rel_0x */ ", " -- drop\n", "\t")

    def _next(self) -> int:
        self._number += 1
        return self._number

    def relation(self) -> str:
        name = f"rel_{self._next()}x"
        self.program.acts.append(name)
        return self.choose(name, name.upper(), f'"{name}"', f"app.{name}", f'U&"{name}"', f'"app" . {name}')

    def function(self) -> str:
        name = f"fun_{self._next()}x"
        self.program.acts.append(name)
        return self.choose(name, f"app . {name}", f'"{name}"')

    def data(self) -> str:
        """A literal of data, which is never shown."""
        spelling = self.choose(*_SPELLINGS)
        if spelling == "1":
            self.program.secrets.append(number := str(_CARD + self._next()))
            return number
        self.program.secrets.append(word := f"hid{self._next()}den")
        text = word + self.choose("", " two words", "ü", "; drop table t; --", "/* */", "''", "\u202e")
        text = text if "$" not in spelling else text.replace("''", "'")
        return spelling.replace("${}$", "$${}$$").replace("{}", text)

    def _code(self, text: str) -> str:
        """A literal that is code."""
        tag = f"$q{self._next()}q$"
        return self.choose(f"{tag}{text}{tag}", "'{}'".format(text.replace("'", "''")))

    # --- statements ---------------------------------------------------------------------------------------------------

    def _select(self, _: int) -> str:
        what = self.choose("call", "a", "count(*)", "data")
        what = f"{self.function()}({self.data()}, 12)" if what == "call" else self.data() if what == "data" else what
        return f"select{self.gap()}{what} from{self.gap()}{self.relation()} where x = {self.data()}"

    def _insert(self, _: int) -> str:
        return f"insert into {self.relation()}{self.gap()}(a, b) values ({self.data()}, 5), ({self.data()}, -7)"

    def _update(self, _: int) -> str:
        return f"update {self.relation()} set a = {self.data()}{self.gap()}where b in ({self.data()}, 3)"

    def _delete(self, _: int) -> str:
        return f"delete{self.gap()}from{self.gap()}{self.relation()}{self.choose('', ' where true', ' returning *')}"

    def _drop(self, _: int) -> str:
        return f"drop table{self.gap()}{self.relation()}, {self.relation()} cascade"

    def _merge(self, _: int) -> str:
        on = f"merge into {self.relation()} t using {self.relation()} s on t.a = s.a"
        return f"{on} when matched and s.b = {self.data()} then delete"

    def _set(self, _: int) -> str:
        return f"set search_path{self.gap()}{self.choose('=', 'to')}{self.gap()}{self.relation().rpartition('.')[2]}"

    def _role(self, _: int) -> str:
        self.program.secrets.append(word := f"pass{self._next()}word")
        return f"alter role r{self.gap()}password {self.choose('', 'E')}'{word}'"

    # --- code in code -------------------------------------------------------------------------------------------------

    def _do(self, depth: int) -> str:
        return f"do{self.gap()}{self.choose('', 'language plpgsql ')}{self._code(self._procedure(depth))}"

    def _procedure(self, depth: int) -> str:
        lines = "".join(self._line(depth) for _ in range(self._draw(st.integers(1, 3))))
        return f"{self.choose('', 'declare n int := 1;')} begin {lines} end{self.choose('', ';')}"

    def _line(self, depth: int) -> str:
        kind = self.choose("statement", "statement", "execute", "if", "for", "assign", "perform")
        if kind == "execute":
            return f"execute {self._code(self.statement(depth))}{self.choose('', ' using n')};{self.gap()}"
        if kind == "if":
            return f"if n = {self.data()} then {self.statement(depth)}; end if;"
        if kind == "for":
            return f"for r in {self._select(0)} loop {self.statement(depth)}; end loop;"
        if kind == "assign":
            return f"n := {self.function()}({self.data()});"
        if kind == "perform":
            return f"perform {self.function()}({self.data()}) from {self.relation()};"
        return f"{self.statement(depth)};{self.gap()}"

    def _function_body(self, depth: int) -> str:
        head = f"create function {self.choose('f', 'g')}() returns void"
        if self.choose("sql", "plpgsql") == "sql":
            return f"{head} language sql as {self._code(f'{self.statement(depth)}; {self.statement(depth)}')}"
        return f"{head}{self.gap()}as {self._code(self._procedure(depth))} language plpgsql"

    def _atomic(self, _: int) -> str:
        return f"create function f() returns void begin atomic{self.gap()}{self._update(0)}; {self._delete(0)}; end"

    def _reader(self, depth: int) -> str:
        return f"select {self.choose(*_READERS).replace('{}', self._code(self.statement(depth)))}"

    def _called(self, depth: int) -> str:
        name = self.function()
        return f"{self.choose('select', 'call')} {name}({self._code(self._delete(depth))})"

    def _prepare(self, _: int) -> str:
        return f"prepare p{self._next()} as {self._update(0)}"

    def _explain(self, _: int) -> str:
        return f"explain {self.choose('', '(analyze) ', 'analyze ')}{self._delete(0)}"

    def _cte(self, _: int) -> str:
        return f"with d as ({self._delete(0)}) select {self.data()} from {self.relation()}"

    def _copy(self, _: int) -> str:
        target = self.choose("stdout", "'/tmp/x'")
        return f"copy (select {self.data()} from {self.relation()}) to {target}"
