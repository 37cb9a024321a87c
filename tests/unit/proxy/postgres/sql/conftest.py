"""The catalogue of support.cards, and an analyser that knows it."""

import pytest

from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.reading import read
from proxy.postgres.sql.texts.query import QueryAnalyser
from support.cards import COLUMNS, FUNCTIONS, SYSTEM, VIEWS, is_masked


@pytest.fixture
def catalogue() -> Catalogue:
    return read(COLUMNS, VIEWS, is_masked, FUNCTIONS, SYSTEM)


@pytest.fixture
def analyser(catalogue: Catalogue) -> QueryAnalyser:
    analyser = QueryAnalyser(is_masked)
    analyser.catalogue = catalogue
    return analyser
