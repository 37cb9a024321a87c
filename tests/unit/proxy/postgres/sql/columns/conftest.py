"""A place in a statement that knows the catalogue of support.cards, and sees nothing yet."""

import pytest

from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.columns.queries import query
from proxy.postgres.sql.columns.scope import Scope
from support.cards import is_masked


@pytest.fixture
def scope(catalogue: Catalogue) -> Scope:
    return Scope(catalogue, is_masked, query)
