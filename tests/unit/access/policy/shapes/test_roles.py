"""Roles, each well-formed by itself."""

from collections.abc import Callable
from typing import Any

import pytest

from support.policies import assert_told, change

ADMIN = ("resources", "payments-db", "roles", "admin")
DEPLOY = ("resources", "web-1", "roles", "deploy")
EPHEMERAL = {"credential": "ephemeral", "template": "app_owner"}
MALFORMED = [
    (change(*ADMIN, "password", to="hunter2"), "admin.password", "is not a reference to a secret"),
    (change(*ADMIN, "password", to="env:"), "admin.password", "is not a reference to a secret"),
    (change(*ADMIN, "password", to="file:relative"), "admin.password", "is not a reference to a secret"),
    (change(*DEPLOY, "files", to="some"), "deploy.files", "'allow', 'refuse_sensitive' or 'deny'"),
    (change(*DEPLOY, "forward", to=["db"]), "deploy.forward.0", "is nothing to forward to"),
    (change(*ADMIN, "accepts", to=[]), "admin.accepts", "at least 1 item"),
    (change(*ADMIN, "credential", to="temporary"), "admin.credential", "'fixed' or 'ephemeral'"),
    (change(*ADMIN, to={**EPHEMERAL, "template": "ü" * 32}), "admin.template", "63 bytes at most"),
]


@pytest.mark.parametrize(("wrong", "path", "sentence"), MALFORMED)
def test_a_malformed_part_is_found_where_it_is(
    document: dict[str, Any], wrong: Callable[[dict[str, Any]], None], path: str, sentence: str
) -> None:
    wrong(document)
    assert_told(document, path, sentence)
