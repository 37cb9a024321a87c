"""The page's files: modules stand in rooms, one above the other, and what one imports is there."""

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import slack_simulator

PACKAGE = Path(slack_simulator.__file__).parent


STATIC = PACKAGE / "page" / "static"


#: The rooms of the page's script; each knows those to its left.
ROOMS = ("base", "memory", "text", "elements", "blocks", "page", ".")


IMPORT = re.compile(r'^import (?:\{ (?P<names>[^}]*) \} from )?"(?P<path>[^"]+)";$', re.MULTILINE)


EXPORT = re.compile(r"^export (?:async )?(?:function|const|class|let) (\w+)", re.MULTILINE)


def source(module: Path) -> str:
    return module.read_text(encoding="utf-8")


def imports(module: Path) -> dict[Path, list[str]]:
    """The modules that this one imports, and the names it takes from each."""
    found = IMPORT.finditer(source(module))
    return {(module.parent / one["path"]).resolve(): (one["names"] or "").split(", ") for one in found}


MODULES = sorted(STATIC.resolve().rglob("*.js"))


@pytest.mark.parametrize("module", MODULES, ids=lambda one: str(one.relative_to(STATIC.resolve())))
class TestModule:
    """Each module of the page."""

    def test_every_import_is_written_so_that_it_is_found_here(self, module: Path) -> None:
        """One line, double quotes, names in braces: what the other tests read."""
        assert len(IMPORT.findall(source(module))) == len(re.findall(r"\bimport\b *[({\"*\w]", source(module)))

    def test_what_is_imported_is_there(self, module: Path) -> None:
        """A browser would show an empty page instead."""
        for path, names in imports(module).items():
            assert path in MODULES, f"{module.name} imports {path}, and there is no such file"
            missing = sorted(set(names) - set(EXPORT.findall(source(path))))
            assert missing == [], f"{module.name} imports {missing} from {path.name}, which does not export them"

    def test_what_is_imported_is_used(self, module: Path) -> None:
        """An import that nobody needs is a dependency that nobody wants."""
        text = IMPORT.sub("", source(module))
        unused = [name for names in imports(module).values() for name in names if not re.search(rf"\b{name}\b", text)]
        assert unused == []

    def test_it_knows_only_rooms_below_its_own(self, module: Path) -> None:
        """What the rooms are for is said by their order."""
        own = ROOMS.index(str(module.parent.relative_to(STATIC.resolve())))
        others = [str(path.parent.relative_to(STATIC.resolve())) for path in imports(module)]
        assert [one for one in others if ROOMS.index(one) > own] == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Modules in a circle are one module that is hard to read."""
    try:
        TopologicalSorter({module: imports(module) for module in MODULES}).prepare()
    except CycleError as cycle:
        pytest.fail("a circle of imports; break it: " + " <- ".join(Path(one).name for one in cycle.args[1]))


def test_the_page_loads_files_that_are_there() -> None:
    """The shell names its scripts, styles and icon by their addresses."""
    shell = source(PACKAGE / "page" / "templates" / "workspace.html")
    named = re.findall(r'"/static/([^"]+)"', shell)
    assert len(named) == 5
    assert [one for one in named if not (STATIC / one).is_file()] == []
