"""A circle is named along its way, whatever kind of import closes it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.house.circles import circles, python_imports, script_imports

Plant = Callable[[dict[str, str]], Path]


def test_modules_in_an_order_are_no_circle() -> None:
    assert list(circles({"a": {"b", "c"}, "b": {"c"}, "c": set()})) == []


def test_a_circle_is_named_from_its_first_module_back_to_it() -> None:
    assert list(circles({"b": {"c"}, "c": {"a"}, "a": {"b"}, "d": {"a"}})) == [["a", "b", "c", "a"]]


def test_every_circle_is_named() -> None:
    assert list(circles({"a": {"b"}, "b": {"a"}, "c": {"d"}, "d": {"c"}})) == [["a", "b", "a"], ["c", "d", "c"]]


def test_circles_through_one_module_are_both_named() -> None:
    found = list(circles({"hub": {"a", "b"}, "a": {"hub"}, "b": {"hub"}}))
    assert sorted(found) == [["a", "hub", "a"], ["b", "hub", "b"]]


def test_an_import_for_types_alone_closes_a_circle(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    for_types = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from circling.one import One\n"
    root = plant(
        {"circling/__init__.py": "", "circling/one.py": "from circling.two import Two\n", "circling/two.py": for_types}
    )
    monkeypatch.syspath_prepend(str(root))
    assert list(circles(python_imports(("circling",)))) == [["circling.one", "circling.two", "circling.one"]]


@pytest.mark.parametrize(
    "imports",
    [
        'import { two } from "./two.js";',
        "import {\n  two,\n  three,\n} from './two.js';",
        'import "./two.js";',
        'export * from "../static/two.js";',
    ],
)
def test_scripts_of_a_page_are_looked_at_too(plant: Plant, imports: str) -> None:
    root = plant({"web/static/one.js": imports, "web/static/two.js": 'import { one } from "./one.js";'})
    assert list(circles(script_imports(root))) == [["web/static/one.js", "web/static/two.js", "web/static/one.js"]]


def test_words_that_only_look_like_an_import_are_none(plant: Plant) -> None:
    root = plant({"web/static/one.js": 'const text = "import it";\n// import "./one.js"\n'})
    assert script_imports(root) == {"web/static/one.js": set()}
