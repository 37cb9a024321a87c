"""What sign-ins and Slack tell of people, beside what the file says."""

from datetime import UTC, datetime, timedelta
from typing import Any

from access.policy.directory import Directory, Known
from access.policy.document import Person
from access.policy.policy import Policy
from storage.model import Decision

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
TOLD = Directory(
    people={"zoe": Person(name="zoe", email="zoe@example.com", slack="U0ZOE")},
    slack={"alice": "U0OTHER", "frank": "U0FRANK"},
    members={"oncall": frozenset({"zoe", "bob"})},
)


def policy(document: dict[str, Any]) -> Policy:
    document["providers"] = {"corp": {"issuer": "https://login.example.com", "client_id": "gatepass"}}
    document["people"]["frank"] = {"email": "frank@example.com"}
    document["groups"]["oncall"] = {"provider": "corp", "value": "oncall"}
    document["policy"][0]["who"] = ["engineers", "oncall"]
    return Policy.model_validate(document)


def test_members_of_a_group_that_a_provider_fills_may_what_the_group_may(document: dict[str, Any]) -> None:
    file = policy(document)
    told = file.with_directory(TOLD)
    assert told.members(["oncall"]) == {"zoe", "bob"}
    assert told.require("zoe", "payments-db", "read").decision is Decision.AUTOMATIC
    assert file.require("zoe", "payments-db", "read").why == "zoe is not in the policy."


def test_a_linked_account_is_where_people_are_told_and_the_file_has_the_last_word(document: dict[str, Any]) -> None:
    told = policy(document).with_directory(TOLD)
    assert (told.people["frank"].slack, told.people["alice"].slack) == ("U0FRANK", "U0ALICE")


def test_a_person_of_the_file_is_nobody_else(document: dict[str, Any]) -> None:
    hidden = Directory(people={"alice": Person(name="alice", email="eve@example.com")})
    assert policy(document).with_directory(hidden).people["alice"].email == "alice@example.com"


def test_the_hash_and_the_document_stay_those_of_the_file(document: dict[str, Any]) -> None:
    file = policy(document)
    told = file.with_directory(TOLD)
    assert (told.hash, told.document) == (file.hash, file.document)
    assert "zoe" not in str(told.document)


def test_what_is_known_is_current_until_something_changes_or_lapses() -> None:
    known = Known(TOLD, 7, NOW + timedelta(hours=1))
    assert known.is_current(7, NOW)
    assert not known.is_current(8, NOW)
    assert not known.is_current(7, NOW + timedelta(hours=1))
    assert Known(TOLD, 7, None).is_current(7, NOW)


def test_whom_a_provider_deactivated_is_nobody_though_the_file_names_them(document: dict[str, Any]) -> None:
    told = policy(document).with_directory(Directory(gone=frozenset({"alice", "bob"})))
    assert told.require("alice", "payments-db", "read").why == "alice is not in the policy."
    assert told.members(["engineers", "dba", "alice"]).isdisjoint({"alice", "bob"})
