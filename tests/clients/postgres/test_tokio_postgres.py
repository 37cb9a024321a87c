"""tokio-postgres, on which Rust's other libraries for PostgreSQL stand."""

import pytest

from support.clients import databases
from support.clients.libraries import Outcomes, assert_same, outcomes, rust
from support.clients.missing import needs
from support.clients.served import Served
from support.postgres import Target

pytestmark = [needs("tokio-postgres", "cargo", "--version", at_least=(1, 80)), pytest.mark.timeout(700)]

CASES = (
    *("every type", "types of columns", "parameters", "pipelined", "pipelined with an error", "portal", "streamed"),
    *("savepoint", "copy in", "copy out", "errors", "notices and notifications", "cancel"),
)


@pytest.fixture(scope="module", params=databases.PLACES)
def ran(request: pytest.FixtureRequest, target: Target, served: Served) -> tuple[Outcomes, Outcomes]:
    ways = databases.ways(target, served, request.param, request.param)
    return ways.each(lambda way: outcomes(rust(), way.environment, *CASES))


@pytest.mark.parametrize("case", CASES)
def test_same(ran: tuple[Outcomes, Outcomes], case: str) -> None:
    assert_same(*ran, case)
