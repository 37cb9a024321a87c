"""gatepass.yml as people write it, rightly and wrongly: every error at once, each with its line."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from access.policy.advice import Weight
from access.policy.errors import PolicyErrors
from access.policy.file import MAX_BYTES, PolicyFile, advise, json_schema, load, parse
from access.policy.policy import Policy
from storage.model import PrincipalKind
from support.policies import BASE, HERE, errors_of

DOCS = Path(__file__).parents[4] / "docs"


def test_the_example_is_valid() -> None:
    policy = load(DOCS / "gatepass.example.yml")
    assert policy.require("alice", "payments-db", "read").reviewers == {"bob", "carol"}


def test_the_base_is_valid() -> None:
    assert parse(BASE, HERE).require("alice", "db", "read").reviewers == {"bob"}


def test_the_published_schema_is_current() -> None:
    assert (DOCS / "gatepass.schema.json").read_text() == json_schema(), (
        "run: gatepass schema > docs/gatepass.schema.json"
    )


def test_the_guide_names_every_key() -> None:
    """docs/policy.md is written by hand; a key that it does not mention is a key that nobody finds."""
    guide = (DOCS / "policy.md").read_text()
    schema = json.loads(json_schema())
    shapes = [schema, *(shape for shape in schema["$defs"].values() if "properties" in shape)]
    missing = {key for shape in shapes for key in shape["properties"] if f"`{key}`" not in guide}
    assert not missing


def test_the_guides_examples_are_valid() -> None:
    guide = (DOCS / "policy.md").read_text()
    blocks = [part.split("```")[0] for part in guide.split("```yaml\n")[1:]]
    whole = [block for block in blocks if block.startswith("version:")]
    assert whole
    for block in whole:
        parse(block, HERE)


def test_a_broken_section_is_not_told_as_unknown_names() -> None:
    text = BASE.replace("people:\n  alice: {slack: U0ALICE}\n  bob: {slack: U0BOB}", "people: [alice, bob]")
    assert errors_of(text) == ["gatepass.yml:8: people: must be a mapping of keys to values"]


def test_words_stay_words() -> None:
    """YAML 1.1 would read these as false and 630 seconds."""
    text = BASE.replace("  bob:", "  no:").replace("[bob]", "[no]")
    assert parse(text, HERE).people["no"].kind is PrincipalKind.HUMAN
    assert "is no duration" in errors_of(BASE + "    answer_within: 10:30\n")[0]


def test_anchors_serve_and_bombs_do_not() -> None:
    text = BASE.replace("[alice]", "&who [alice]") + (
        "  - {name: two, who: *who, resources: [db], roles: [read], decision: automatic}\n"
    )
    assert parse(text, HERE).policy[1].who == ["alice"]
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert "aliases followed" in errors_of(bomb)[0]
    assert "contains itself" in errors_of("a: &a [*a]\n")[0]
    assert "nested more than 32 deep" in errors_of("[" * 50_000)[0]
    assert "nested more than 32 deep" in errors_of("a: " * 1 + "{a: " * 50_000)[0]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_file_is_told(text: str) -> None:
    assert errors_of(text) == ["gatepass.yml: is empty; docs/gatepass.example.yml shows its form"]


@pytest.mark.parametrize("text", ["just words", "[1, 2]", "42"])
def test_a_file_of_another_kind_is_told(text: str) -> None:
    assert errors_of(text) == ["gatepass.yml:1: must be a mapping of keys to values"]


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(PolicyErrors, match="cannot be read: No such file"):
        load(tmp_path / "missing.yml")
    with pytest.raises(PolicyErrors, match="cannot be read: Is a directory"):
        load(tmp_path)
    latin = tmp_path / "latin.yml"
    latin.write_bytes(b"version: 1\n# caf\xe9\n")
    with pytest.raises(PolicyErrors, match=r"latin.yml:2: is not UTF-8"):
        load(latin)
    large = tmp_path / "large.yml"
    large.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(PolicyErrors, match="larger than 1 MiB"):
        load(large)
    marked = tmp_path / "marked.yml"
    marked.write_bytes(b"\xef\xbb\xbf" + BASE.encode())
    assert load(marked) == parse(BASE, HERE)


def test_a_reload_with_errors_keeps_the_policy_there_was(tmp_path: Path) -> None:
    path = tmp_path / "gatepass.yml"
    path.write_text(BASE)
    policies = PolicyFile(path)
    before = policies.current
    path.write_text(BASE.replace("[bob]", "[bib]"))
    with pytest.raises(PolicyErrors):
        policies.reload()
    assert policies.current is before
    path.write_text(BASE.replace("[bob]", "[bob, alice]"))
    assert policies.reload() is policies.current is not before


@pytest.mark.finding("L6")
@pytest.mark.parametrize(("mode", "who"), [(0o666, "everybody"), (0o602, "everybody"), (0o664, "its group")])
def test_a_file_that_others_may_write_is_obeyed_by_nobody(tmp_path: Path, mode: int, who: str) -> None:
    path = tmp_path / "gatepass.yml"
    path.write_text(BASE)
    path.chmod(0o644)
    policies = PolicyFile(path)
    path.chmod(mode)
    for obey in (policies.reload, lambda: PolicyFile(path), lambda: policies.catch_up("some hash")):
        with pytest.raises(PolicyErrors, match=f"can be written by {who}.*: chmod go-w it"):
            obey()
    assert load(path) == policies.current


@given(st.text(max_size=200))
def test_any_text_is_a_policy_or_errors(text: str) -> None:
    with contextlib.suppress(PolicyErrors):
        assert isinstance(parse(text, HERE), Policy)


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=5), parts, max_size=3),
    max_leaves=5,
)


@given(st.data())
def test_any_part_replaced_by_anything_is_a_policy_or_errors(data: Any) -> None:
    document = yaml.safe_load(BASE)
    part: Any = document
    while True:
        key = data.draw(st.sampled_from(sorted(part) if isinstance(part, dict) else range(len(part))))
        if not isinstance(part[key], dict | list) or not part[key] or data.draw(st.booleans()):
            break
        part = part[key]
    part[key] = data.draw(_JUNK)
    with contextlib.suppress(PolicyErrors):
        assert parse(yaml.safe_dump(document, allow_unicode=True), HERE).hash


@pytest.mark.finding("use-25")
def test_a_rule_that_never_applies_is_told_with_both_lines(tmp_path: Path) -> None:
    path = tmp_path / "gatepass.yml"
    path.write_text(BASE + "  - {name: later, who: [alice], resources: ['*'], roles: [read], decision: automatic}\n")
    told = (
        f"{path}:19: warning: policy.1: later never applies, read (line 12) decides all of it: put it first, or drop it"
    )
    assert advise(path) == [(Weight.WARNING, told)]
    path.write_text(BASE)
    assert advise(path) == []
