"""What pyproject.toml promises: the distribution brings what the package imports, and its entry points are there."""

import ast
import importlib
import re
import sys
import tomllib
from pathlib import Path

import slack_simulator

PACKAGE = Path(slack_simulator.__file__).parent
PROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
#: Where the name on the registry is not the name that is imported.
IMPORTED_AS = {"pyyaml": "yaml", "pydantic-core": "pydantic_core"}


def names(requirements: list[str]) -> set[str]:
    """What one imports of these requirements."""
    bare = [re.split(r"[<>=!~\[ ;]", one)[0].lower() for one in requirements]
    return {IMPORTED_AS.get(one, one) for one in bare}


def test_everything_that_is_imported_is_brought() -> None:
    """Nothing is there by luck, as some other dependency's own; pytest comes with the plugin's users."""
    found: set[str] = set()
    for module in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {one.name.partition(".")[0] for one in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(str(node.module).partition(".")[0])
    others = found - sys.stdlib_module_names - {"slack_simulator", "pytest"}
    assert others == names(PROJECT["dependencies"])
    assert "pytest" in names(PROJECT["optional-dependencies"]["pytest"])


def test_entry_points_are_there() -> None:
    """The plugin's name is its module's: pytest knows it again where a project names it, and registers it once."""
    plugins: dict[str, str] = PROJECT["entry-points"]["pytest11"]
    assert list(plugins) == list(plugins.values())
    for name in plugins:
        importlib.import_module(name)
    module, _, function = PROJECT["scripts"]["slack-simulator"].partition(":")
    assert callable(getattr(importlib.import_module(module), function))
