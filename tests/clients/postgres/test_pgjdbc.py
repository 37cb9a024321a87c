"""pgjdbc: what Spring and Hibernate stand on, in each of the ways in which it can send statements."""

from collections.abc import Mapping

import pytest

from support.clients import databases
from support.clients.libraries import Outcomes, assert_same, java, outcomes
from support.clients.missing import needs
from support.clients.served import Served
from support.clients.ways import ToDatabase
from support.postgres import Target

pytestmark = [needs("pgjdbc", "javac", "-version", at_least=(17,)), needs("pgjdbc", "mvn"), pytest.mark.timeout(700)]

MODES = {
    "default": "",
    "simple": "preferQueryMode=simple",
    "prepared at once": "prepareThreshold=1",
    "prepared in binary": "prepareThreshold=-1",
    "never prepared": "prepareThreshold=0",
    "extended for prepared": "preferQueryMode=extendedForPrepared",
    "cache everything": "preferQueryMode=extendedCacheEverything",
    "rewritten batches": "reWriteBatchedInserts=true,autosave=always",
}
CASES = """every type|every type, prepared|parameters|arrays|metadata of a result|metadata of parameters|
metadata of tables|metadata of keys|metadata of functions|metadata of types|metadata of rights|fetch size|
max rows|scrolling|updatable result|batch|batch with an error|batch of statements|generated keys|
several results|savepoint|failed transaction|errors|warnings|function and procedure|copy out|copy in|cancel|
query timeout|notifications"""
NAMES = CASES.replace("\n", "").split("|")
#: What pgjdbc itself cannot do in a mode; it fails at the server alike, and so would test nothing.
NOT_IN = {
    ("simple", "metadata of parameters"),
    ("simple", "function and procedure"),
    ("prepared in binary", "several results"),
}


def _seen(way: ToDatabase, mode: str, *more: str) -> Outcomes:
    return outcomes(java("Jdbc"), way.environment, MODES[mode], *more)


@pytest.fixture(scope="module", params=MODES)
def ran(request: pytest.FixtureRequest, target: Target, served: Served) -> tuple[str, Outcomes, Outcomes]:
    """The mode, and what was seen in it; every other mode at the database where statements are judged."""
    place = databases.PLACES[list(MODES).index(request.param) % 2]
    ways = databases.ways(target, served, place, place)
    return request.param, *ways.each(lambda way: _seen(way, request.param))


@pytest.mark.parametrize("case", NAMES)
def test_same(ran: tuple[str, Outcomes, Outcomes], case: str) -> None:
    mode, directly, through = ran
    if (mode, case) in NOT_IN:
        assert "failed" in directly[case]
        assert "failed" in through[case]
    else:
        assert_same(directly, through, case)


def test_every_case_is_listed(ran: tuple[str, Mapping[str, object], Mapping[str, object]]) -> None:
    assert list(ran[1]) == NAMES


@pytest.mark.parametrize("mode", ["default", "prepared at once"])
def test_large_objects(target: Target, served: Served, mode: str) -> None:
    ways = databases.ways(target, served, databases.PLAIN, databases.PLAIN)
    assert_same(*ways.each(lambda way: _seen(way, mode, "large")), "large object")
