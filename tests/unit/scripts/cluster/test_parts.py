"""Each part is kept under what it is made of, and nothing is made again for nothing."""

import shutil
from pathlib import Path

import pytest

from scripts.cluster import parts

TREE = Path(__file__).parents[4]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copytree(TREE / parts.PROGRAMS, tmp_path / parts.PROGRAMS)
    return tmp_path


def test_another_source_makes_another_part_and_no_other(tree: Path) -> None:
    before, folder = parts.built(tree), parts.folder(tree)

    with (tree / parts.PROGRAMS / "kubelet" / "main.go").open("a") as source:
        source.write("// more\n")

    after = parts.built(tree)
    assert after["server"] == before["server"]
    assert after["kubelet"] != before["kubelet"]
    assert parts.folder(tree) != folder


def test_what_is_beside_the_sources_makes_no_other_part(tree: Path) -> None:
    before = parts.folder(tree)

    (tree / parts.PROGRAMS / "kubelet" / "kubelet").write_bytes(b"built by hand")

    assert parts.folder(tree) == before


def test_the_version_that_is_told_is_the_one_that_is_built() -> None:
    """go.mod pins the sources; the program learns of it by a flag alone."""
    pinned = (TREE / parts.PROGRAMS / "server" / "go.mod").read_text()

    assert f"k8s.io/kubernetes v{parts.KUBERNETES}" in pinned


def test_the_cache_is_where_it_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEPASS_TEST_CACHE", "/somewhere")
    assert parts.cache() == Path("/somewhere/cluster")
    monkeypatch.delenv("GATEPASS_TEST_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert parts.cache() == Path("/caches/gatepass/cluster")
