"""A workspace's description read from JSON: every mistake is refused by SpecError, which names its place."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from slack_simulator.base.json_types import JsonObject, NotJson, as_object, read_json
from slack_simulator.manifest.manifest import Manifest, ManifestError, load_manifest, manifest_of
from slack_simulator.workspace.spec import Person, SpecError, WorkspaceSpec

_SPEC = TypeAdapter(WorkspaceSpec)
_PERSON = TypeAdapter(Person)
Record = TypeVar("Record")


def load_spec(path: Path) -> WorkspaceSpec:
    """Read a workspace from a JSON file whose keys are the fields of `WorkspaceSpec`. Raises SpecError.

    `manifest` is an app manifest as an object, or the path of one, relative to the JSON file.
    """
    try:
        raw = as_object(read_json(path.read_bytes()))
    except (OSError, NotJson) as problem:
        raise SpecError(f"cannot read {path}: {problem}") from problem
    if raw is None:
        raise SpecError(f"{path} must hold one JSON object with the fields of a workspace")
    manifest = _manifest(raw.pop("manifest"), path) if "manifest" in raw else None
    return replace(_checked(_SPEC, raw), manifest=manifest)


def changed(person: Person, changes: JsonObject) -> Person:
    """The account with other facts, as a control API is given them. Raises SpecError."""
    return _checked(_PERSON, asdict(person) | changes)


def _checked(kind: TypeAdapter[Record], values: JsonObject) -> Record:
    try:
        return kind.validate_json(json.dumps(values))
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        message = "there is no such field" if first["type"] == "unexpected_keyword_argument" else first["msg"]
        raise SpecError(f"{where}: {message}" if where else message.removeprefix("Value error, ")) from problem


def _manifest(given: object, beside: Path) -> Manifest:
    document = as_object(given)
    try:
        if document is not None:
            return manifest_of(document)
        if isinstance(given, str):
            return load_manifest(beside.parent / given)
    except ManifestError as problem:
        raise SpecError(f"manifest: {problem}") from problem
    raise SpecError("manifest must be an app manifest, or the path of one")
