"""Prisma, by its own adapter for pg, without an engine of its own."""

import pytest

from support.clients import databases
from support.clients.libraries import Outcomes, assert_same, node, outcomes
from support.clients.missing import needs
from support.clients.served import Served
from support.postgres import Target

pytestmark = [
    needs("Prisma", "node", "--version", at_least=(20, 19)),
    needs("Prisma", "npm"),
    pytest.mark.timeout(700),
]

CASES = (
    *("find", "find many at once", "conditions", "pages by a cursor", "groups", "relations", "create, update, delete"),
    *("nested writes", "transaction of a list", "transaction, ReadCommitted", "transaction, RepeatableRead"),
    *("transaction, Serializable", "raw", "every type", "metadata", "errors"),
)


@pytest.fixture(scope="module", params=databases.PLACES)
def ran(request: pytest.FixtureRequest, target: Target, served: Served) -> tuple[Outcomes, Outcomes]:
    ways = databases.ways(target, served, request.param, request.param)
    return ways.each(lambda way: outcomes(node("prisma.js"), way.environment))


@pytest.mark.parametrize("case", CASES)
def test_same(ran: tuple[Outcomes, Outcomes], case: str) -> None:
    assert_same(*ran, case)


def test_every_case_is_listed(ran: tuple[Outcomes, Outcomes]) -> None:
    assert set(ran[0]) == set(CASES)
