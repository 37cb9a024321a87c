"""Node's libraries: pg with its cursor and streams, postgres.js, and drizzle on each of them."""

import pytest

from support.clients import databases
from support.clients.libraries import Outcomes, assert_same, node, outcomes
from support.clients.missing import needs
from support.clients.served import Served
from support.postgres import Target

pytestmark = [
    needs("pg, postgres.js and drizzle", "node", "--version", at_least=(20,)),
    needs("pg, postgres.js and drizzle", "npm"),
    pytest.mark.timeout(700),
]

CASES = {
    "pg": (
        *("every type", "fields", "parameters", "named statement", "rows as arrays in binary", "many at once"),
        *("several statements", "transaction", "errors", "notices and notifications", "pool"),
    ),
    "pg-copy-streams": ("out", "in"),
    "postgres.js": (
        *("every type", "parameters", "many at once", "transaction", "cursor", "copy", "notifications", "cancel"),
        "errors and notices",
    ),
}
ALONE = ("pg-cursor", "pg-query-stream", "drizzle on pg", "drizzle on postgres.js")
NAMES = [*(f"{library}: {case}" for library, cases in CASES.items() for case in cases), *ALONE]


@pytest.fixture(scope="module", params=databases.PLACES)
def ran(request: pytest.FixtureRequest, target: Target, served: Served) -> tuple[Outcomes, Outcomes]:
    ways = databases.ways(target, served, request.param, request.param)
    return ways.each(lambda way: outcomes(node("pg.js"), way.environment))


@pytest.mark.parametrize("case", NAMES)
def test_same(ran: tuple[Outcomes, Outcomes], case: str) -> None:
    assert_same(*ran, case)


def test_every_case_is_listed(ran: tuple[Outcomes, Outcomes]) -> None:
    assert set(ran[0]) == set(NAMES)
