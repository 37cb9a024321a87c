"""The line below each member of an enumeration, which says what the member means."""

import ast
import inspect
import textwrap
from enum import StrEnum


def lines_of(enumeration: type[StrEnum]) -> dict[str, str]:
    """Value -> line; a member without one is left out."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(enumeration))).body
    assert isinstance(body, ast.ClassDef)
    lines: dict[str, str] = {}
    for member, line in zip(body.body, body.body[1:], strict=False):
        if not isinstance(member, ast.Assign) or not isinstance(line, ast.Expr):
            continue
        if isinstance(line.value, ast.Constant) and isinstance(line.value.value, str):
            name = member.targets[0]
            assert isinstance(name, ast.Name)
            lines[enumeration[name.id].value] = line.value.value
    return lines


def table_under(guide: str, heading: str) -> dict[str, str]:
    """Word -> what the guide's table under `heading` says of it."""
    section = guide.partition(f"\n{heading}\n")[2].partition("\n#")[0]
    rows = [line.strip("| ").split(" | ", 1) for line in section.splitlines() if line.startswith("| `")]
    return {word.strip("`"): says for word, says in rows}
