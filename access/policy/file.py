"""gatepass.yml: read it, tell everything that is wrong with it at once, and keep the last valid one.

An invalid file never becomes the policy, not even in part.
"""

import json
import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from access.policy.advice import Advice, Weight, advice
from access.policy.checks import shadowed
from access.policy.directory import Directory, Known
from access.policy.document import PolicyDocument
from access.policy.errors import PolicyError, PolicyErrors, from_flaws, from_validation, structural, unreadable
from access.policy.policy import Policy
from access.policy.yaml_lines import Plain, Reading, read

MAX_BYTES = 1024 * 1024
_SECTIONS = ("providers", "resources", "people", "groups", "policy", "masking")


def load(path: Path, *, trusted: bool = False) -> Policy:
    """The policy in the file at `path`. Raises PolicyErrors with every error and its line.

    `trusted`: the file is to be obeyed, so one that others than its owner may write is an error.
    """
    try:
        with path.open("rb") as file:
            if trusted and (who := writable_by_others(os.fstat(file.fileno()).st_mode)):
                raise unreadable(path, f"can be written by {who}, who could let themselves in: chmod go-w it")
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise unreadable(path, f"cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise unreadable(path, "is larger than 1 MiB, which no policy is")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PolicyErrors([PolicyError(str(path), line, None, "", "is not UTF-8 text")]) from error
    return parse(text, path)


def writable_by_others(mode: int) -> str:
    """Who beside the owner may write a file of this mode, in words; empty: nobody."""
    if mode & stat.S_IWOTH:
        return "everybody on its machine"
    return "its group" if mode & stat.S_IWGRP else ""


def parse(text: str, path: Path) -> Policy:
    """The policy in `text`; `path` is for the errors alone. Raises PolicyErrors."""
    reading = read(text)
    if reading.flaws:
        raise from_flaws(path, reading.flaws)
    if reading.data is None:
        raise unreadable(path, "is empty; docs/gatepass.example.yml shows its form")
    try:
        return _validated(reading.data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        if structural(error) and isinstance(reading.data, dict):
            details += _between_the_sound(reading.data, details)
        raise from_validation(path, reading, details) from None


def advise(
    path: Path, outside: Callable[[PolicyDocument], Iterable[Advice]] = lambda _: ()
) -> list[tuple[Weight, str]]:
    """What is valid in the file at `path` and probably not meant, each with its line. Raises PolicyErrors.

    `outside` says what is to say of things that the file names and that stand elsewhere.
    """
    policy, reading = load(path), read(path.read_text("utf-8-sig"))
    said: list[tuple[Weight, str]] = []
    for each in (*advice(policy), *outside(policy)):
        at = reading.position(each.path)
        where = f"{path}:{at.line}" if at is not None else str(path)
        said.append((each.weight, f"{where}: {each.weight}: {'.'.join(map(str, each.path))}: {each.message}"))
    for index, before in shadowed(policy):
        names = ", ".join(f"{policy.policy[one].name} (line {_line(reading, one)})" for one in before)
        message = f"{policy.policy[index].name} never applies, {names} decides all of it: put it first, or drop it"
        said.append((Weight.WARNING, f"{path}:{_line(reading, index)}: warning: policy.{index}: {message}"))
    return said


def _line(reading: Reading, rule: int) -> str:
    position = reading.position(("policy", rule))
    return str(position.line) if position is not None else "?"


def json_schema() -> str:
    """The JSON Schema of gatepass.yml, for editors."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Policy.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


class PolicyFile:
    """The policy in force in this process, the file it comes from, and the people that the directory adds to it."""

    def __init__(self, path: Path) -> None:
        """Raises PolicyErrors."""
        self.path = path
        #: As the file says it.
        self.written = load(path, trusted=True)
        #: And with those whom the directory knows.
        self.current = self.written.with_directory(Directory())
        #: What was read of the directory by this file's groups; None: nothing yet.
        self.known: Known | None = None
        self._directory = Directory()
        #: The workspace that the bot's token belongs to, once it told; people.link_slack sets it.
        self.slack_team: str | None = None

    @property
    def team(self) -> str | None:
        """The Slack workspace whose people these are; None: not known yet."""
        named = self.written.slack.team if self.written.slack is not None else None
        return named or self.slack_team

    def reload(self) -> Policy:
        """Read the file again. Raises PolicyErrors and keeps the policy there was."""
        return self._take(load(self.path, trusted=True))

    def catch_up(self, in_force: str) -> bool:
        """Take the file's policy if it is the one whose hash is `in_force`, and no other. Raises PolicyErrors."""
        policy = load(self.path, trusted=True)
        if policy.hash != in_force:
            return False
        self._take(policy)
        return True

    def know(self, known: Known) -> None:
        """These are the people beside those of the file, from now on."""
        self.known, self._directory = known, known.directory
        self.current = self.written.with_directory(known.directory)

    def _take(self, policy: Policy) -> Policy:
        """With the people that were known, until they are read by the new file's groups, before anything is decided."""
        self.written, self.known = policy, None
        self.current = policy.with_directory(self._directory)
        return self.current


def _validated(data: Plain, unreadable_names: frozenset[str] = frozenset()) -> Policy:
    return Policy.model_validate(data, by_alias=True, by_name=False, context={"unreadable": unreadable_names})


def _between_the_sound(data: dict[str, Plain], details: list[ErrorDetails]) -> list[ErrorDetails]:
    """What is wrong between the parts that are well-formed, so that mending one part does not bring up the next error.

    Nothing, if a whole section is malformed: everything else would only be unknown names.
    """
    broken = {detail["loc"][:2] for detail in details if detail["loc"] and detail["loc"][0] in _SECTIONS}
    if any(len(path) < 2 for path in broken):
        return []
    sound: dict[str, Any] = {"version": 1}
    for section in _SECTIONS:
        parts = data.get(section)
        if isinstance(parts, dict):
            sound[section] = {key: part for key, part in parts.items() if (section, key) not in broken}
        elif isinstance(parts, list):
            sound[section] = [part for index, part in enumerate(parts) if (section, index) not in broken]
    names = frozenset(str(path[1]) for path in broken if path[0] not in {"policy", "masking"})
    try:
        _validated(sound, names)
    except ValidationError as error:
        return [_at_home(detail, data, broken) for detail in error.errors(include_url=False)]
    return []


def _at_home(detail: ErrorDetails, data: dict[str, Plain], broken: set[tuple[int | str, ...]]) -> ErrorDetails:
    """Count list entries as the file does, with the broken ones that were left out."""
    section, *rest = detail["loc"]
    parts = data.get(str(section))
    if not isinstance(parts, list) or not rest or not isinstance(rest[0], int):
        return detail
    sound = [index for index in range(len(parts)) if (section, index) not in broken]
    detail["loc"] = (section, sound[rest[0]], *rest[1:])
    return detail
