"""Names of sessions' roles: readable, unique, in 63 bytes; and nobody else's role is taken for one."""

from uuid import UUID, uuid4

import pytest

from proxy.postgres.ephemeral.naming import Provenance, application_name, provenance, role_name, session_of

SESSION = UUID("0192c5f6-0000-4000-8000-00000000abcd")
OURS = Provenance("alice", SESSION, "db", "payments", "app_read")
NAME = "gp_alice_0192c5f600004000800000000000abcd"


def test_a_name_says_who_and_which_session() -> None:
    assert role_name("alice", SESSION) == NAME
    assert application_name("alice", SESSION) == f"gatepass:alice:{SESSION}"


@pytest.mark.parametrize(
    "person", ["a" * 63, 'o"brien', "o'brien", "Äöü", "a\\b; drop role x", "\0", "名前", "", "a\u202eb", "_" * 40]
)
def test_any_person_gives_a_name(person: str) -> None:
    name = role_name(person, SESSION)
    assert len(name.encode()) <= 63
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
    assert session_of(name) == SESSION
    assert len(application_name(person, SESSION).encode()) <= 63
    assert application_name(person, SESSION).endswith(str(SESSION))


def test_people_who_are_cut_alike_have_names_of_their_own() -> None:
    assert role_name("a" * 40, uuid4()) != role_name("a" * 40, uuid4())


@pytest.mark.parametrize(
    "name",
    ["gp_alice", "gp_alice_", NAME + "0", NAME.upper(), "x" + NAME, "gp__" + SESSION.hex, "app_read", "pg_monitor"],
)
def test_what_is_no_name_of_ours(name: str) -> None:
    assert session_of(name) is None


def test_a_comment_says_where_a_role_comes_from() -> None:
    assert provenance(NAME, OURS.comment()) == OURS
    assert provenance(NAME, Provenance("älice", SESSION, "db", 'p"ä', None).comment()) == Provenance(
        "älice", SESSION, "db", 'p"ä', None
    )


@pytest.mark.parametrize(
    ("name", "comment"),
    [
        (NAME, ""),
        (NAME, "somebody's own"),
        (NAME, "[]"),
        (NAME, "null"),
        (NAME, "[" * 100_000),
        (NAME, OURS.comment().replace("gatepass", "another")),
        (NAME, OURS.comment().replace("0192c5f6", "0192c5f7")),
        (NAME, OURS.comment().replace('"payments"', "null")),
        (NAME, OURS.comment().replace('"app_read"', "1")),
        ("gp_alice", OURS.comment()),
    ],
)
def test_what_is_not_for_certain_ours(name: str, comment: str) -> None:
    assert provenance(name, comment) is None
