"""Roles, each well-formed by itself."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from access.policy.shapes.roles import Role
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


@pytest.mark.parametrize("group", ["system:masters", "system:authenticated", "", "a b", "ä"])
def test_a_group_is_one_of_the_clusters_own_rules(group: str) -> None:
    with pytest.raises(ValidationError):
        Role.model_validate({"groups": [group]})


def test_a_group_may_be_called_anything_else() -> None:
    assert Role.model_validate({"groups": ["gatepass:view", "oidc/devs"]}).groups == ["gatepass:view", "oidc/devs"]
