"""No circles: a module never needs, by whatever way round, a module that needs it.

Imports that only the type checker sees count too: two modules that need each other's types are one noun in two files.
"""

import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp

from scripts.house.tree import PACKAGES, PRODUCT, SIMULATOR, Finding, folders

#: `import … from "./x.js"`, `export … from "./x.js"` and `import "./x.js"`, with the clause over several lines or not.
_IMPORT = re.compile(r"""^\s*(?:import|export)\b(?:[^"';]*?\bfrom)?\s*["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)

#: Module -> the modules that it imports.
Graph = Mapping[str, set[str]]


def find(root: Path) -> list[Finding]:
    """Every circle among the modules of Python, and among those of the pages' JavaScript."""
    return [
        Finding(circle[0], f"These need each other in a circle: {' -> '.join(circle)}.")
        for graph in (python_imports((*PACKAGES, SIMULATOR.name)), script_imports(root))
        for circle in circles(graph)
    ]


def circles(graph: Graph) -> Iterator[list[str]]:
    """Circles until none is left, each as the modules along it, the first one again at its end.

    One import of each circle that was found is taken out before the next is looked for, so that every circle without
    that import is still named.
    """
    rest = {module: set(needed) for module, needed in graph.items()}
    while True:
        try:
            TopologicalSorter(rest).prepare()
        except CycleError as error:
            circle: list[str] = list(reversed(error.args[1]))
            start = circle.index(min(circle))
            circle = [*circle[start:-1], *circle[:start], circle[start]]
            yield circle
            rest[circle[0]].discard(circle[1])
        else:
            return


def python_imports(packages: tuple[str, ...]) -> dict[str, set[str]]:
    """Which module imports which, over all of `packages`, which must be importable."""
    graph = grimp.build_graph(*packages, cache_dir=None)
    return {module: set(graph.find_modules_directly_imported_by(module)) for module in sorted(graph.modules)}


def script_imports(root: Path) -> dict[str, set[str]]:
    """Which ES module below any folder `static` imports which, as paths relative to `root`."""
    scripts = [
        script
        for folder, files in folders(root, PRODUCT).items()
        if "static" in folder.parts
        for script in files
        if script.suffix == ".js"
    ]
    return {str(script): _imported(root, script) for script in scripts}


def _imported(root: Path, script: Path) -> set[str]:
    text = (root / script).read_text(encoding="utf-8")
    return {str((root / script.parent / name).resolve().relative_to(root.resolve())) for name in _IMPORT.findall(text)}
