"""The catalogue of support.cards, and an analyser that knows it."""

import pytest

from proxy.postgres.sql.catalogue import Catalogue, read
from proxy.postgres.sql.query import QueryAnalyser
from support.cards import COLUMNS, VIEWS, is_masked


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read(COLUMNS, VIEWS, is_masked)


@pytest.fixture
def analyser(catalogue: Catalogue) -> QueryAnalyser:
    analyser = QueryAnalyser(is_masked)
    analyser.catalogue = catalogue
    return analyser
