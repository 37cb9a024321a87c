"""A policy to try rules on, with no storage behind it."""

from typing import Any

import pytest

from support.policies import policy_document


@pytest.fixture
def document() -> dict[str, Any]:
    return policy_document()
