"""gatepass.yml as people write it, rightly and wrongly: every error at once, each with its line."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from access.policy.errors import PolicyErrors
from access.policy.file import MAX_BYTES, PolicyFile, json_schema, load, parse
from access.policy.policy import Policy
from storage.model import PrincipalKind

DOCS = Path(__file__).parents[4] / "docs"
HERE = Path("gatepass.yml")

BASE = """\
version: 1
resources:
  db:
    type: postgres
    upstream: {host: db.internal}
    roles:
      read: {username: r, password: env:R}
people:
  alice: {slack: U0ALICE}
  bob: {slack: U0BOB}
policy:
  - name: read
    who: [alice]
    resources: [db]
    roles: [read]
    decision: reviewed
    reviewers: [bob]
    channel: C0ACCESS
"""


def errors_of(text: str) -> list[str]:
    with pytest.raises(PolicyErrors) as errors:
        parse(text, HERE)
    assert str(errors.value) == "\n".join(str(error) for error in errors.value.errors)
    return [str(error) for error in errors.value.errors]


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


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("version: 1", "version: 2"), "gatepass.yml:1: version: must be 1"),
        (("version: 1\n", ""), "gatepass.yml:1: version: is missing"),
        (("port: 1", ""), None),
        (("type: postgres", "typ: postgres"), "gatepass.yml:4: resources.db.typ: is no key that is known here."),
        (("env:R", "hunter2"), "gatepass.yml:7: resources.db.roles.read.password: is not a reference to a secret"),
        (("{slack: U0BOB}", "{slak: U0BOB}"), "gatepass.yml:10: people.bob.slak: is no key that is known here. Did"),
        (("{slack: U0BOB}", "{slack: bob}"), "gatepass.yml:10: people.bob.slack: must be a Slack member id"),
        (("C0ACCESS", "'#access'"), "gatepass.yml:18: policy.0.channel: must be a Slack channel id"),
        (("  bob:", "  Bob:"), "gatepass.yml:10: people.Bob: must be a name"),
        (("[bob]", "[bib]"), "gatepass.yml:17: policy.0.reviewers.0: bib is neither a person nor a group. Did you"),
        (("[db]", "[bd*]"), "gatepass.yml:14: policy.0.resources.0: bd* matches no resource."),
        (("[bob]", "bob"), "gatepass.yml:17: policy.0.reviewers: must be a valid list"),
        (("  - name: read", "  - nam: read"), "gatepass.yml:12: policy.0.name: is missing"),
        (("reviewed\n", "approved\n"), "gatepass.yml:16: policy.0.decision: must be 'automatic', 'denied' or"),
        (("  bob:", "  alice:"), "gatepass.yml:10: people.alice: alice stands here twice, first in line 9"),
        (("  bob:", "\tbob:"), "gatepass.yml:10: has a tab here: YAML is indented with spaces"),
        (("[alice]", "[alice"), "gatepass.yml:1"),
        (("[alice]", "*somebody"), "gatepass.yml:13: is no valid YAML: found undefined alias 'somebody'"),
        (("[alice]", "!!python/name:os.system alice"), "gatepass.yml:13: policy.0.who: has a YAML tag"),
        (("[alice]", "{[a]: b}"), "gatepass.yml:13: policy.0.who: a key must be a plain word"),
        (("version: 1", "version: 1\n---\nversion: 1"), "is no valid YAML"),
        (
            ("    channel: C0ACCESS", "    maximum_duration: 2d\n    channel: C0"),
            "policy.0.maximum_duration: must be 24h",
        ),
        (("    channel: C0ACCESS", "    maximum_duration: 0\n    channel: C0"), "policy.0.maximum_duration: must be"),
        (("    channel: C0ACCESS", "    timeout_s: 3\n    channel: C0"), "policy.0.timeout_s: is no key"),
        (("env:R", "env:R\x07"), "gatepass.yml:7: has a character that YAML does not allow"),
    ],
)
def test_errors_name_line_place_and_remedy(change: tuple[str, str], expected: str | None) -> None:
    text = BASE.replace(*change, 1)
    if expected is None:
        assert parse(text, HERE)
        return
    found = errors_of(text)
    assert any(expected in error for error in found), found
    assert not any("hunter2" in error for error in found)


def test_every_error_is_told_at_once_in_the_files_order() -> None:
    text = (
        BASE.replace("env:R", "hunter2")
        .replace("{slack: U0BOB}", "{slack: U0BOB, emial: b@example.com}")
        .replace("who: [alice]", "who: [alise]")
        .replace("resources: [db]", "resources: [db, web]")
        .replace("C0ACCESS", "access")
    )
    text += "  - {name: second, who: [nobody], resources: [db], roles: [reed], decision: automatic}\n"
    found = errors_of(text)
    places = [error.split(": ")[0] + " " + error.split(": ")[1] for error in found]
    assert places == [
        "gatepass.yml:7 resources.db.roles.read.password",
        "gatepass.yml:10 people.bob.emial",
        "gatepass.yml:18 policy.0.channel",
        "gatepass.yml:19 policy.1.who.0",
    ]


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
