"""Go's libraries: pgx in each of the ways in which it can send statements, and lib/pq."""

import pytest

from support.clients import databases
from support.clients.libraries import Outcomes, assert_same, go, outcomes
from support.clients.missing import needs
from support.clients.served import Served
from support.postgres import Target

pytestmark = [needs("pgx and lib/pq", "go", "version", at_least=(1, 25)), pytest.mark.timeout(700)]

MODES = ("cache statement", "cache describe", "describe exec", "exec", "simple protocol")
PGX = (
    *("every type", "parameters", "again and again", "batch", "batch with an error", "copy from", "copy to", "timeout"),
    *("nested transactions", "composites", "changed result", "errors", "notifications"),
)
PQ = ("every type", "parameters", "prepared", "copy in", "errors", "listener")


@pytest.fixture(scope="module", params=MODES)
def pgx(request: pytest.FixtureRequest, target: Target, served: Served) -> tuple[Outcomes, Outcomes]:
    """Every other mode at the database where statements are judged."""
    place = databases.PLACES[MODES.index(request.param) % 2]
    ways = databases.ways(target, served, place, place)
    return ways.each(lambda way: outcomes(go("pgx"), way.environment, request.param))


@pytest.fixture(scope="module", params=databases.PLACES)
def pq(request: pytest.FixtureRequest, target: Target, served: Served) -> tuple[Outcomes, Outcomes]:
    ways = databases.ways(target, served, request.param, request.param)
    return ways.each(lambda way: outcomes(go("pq"), way.environment))


@pytest.mark.parametrize("case", PGX)
def test_pgx(pgx: tuple[Outcomes, Outcomes], case: str) -> None:
    assert_same(*pgx, case)


@pytest.mark.parametrize("case", PQ)
def test_pq(pq: tuple[Outcomes, Outcomes], case: str) -> None:
    assert_same(*pq, case)


def test_every_case_is_listed(pgx: tuple[Outcomes, Outcomes], pq: tuple[Outcomes, Outcomes]) -> None:
    assert (tuple(pgx[0]), tuple(pq[0])) == (PGX, PQ)
