"""Which versions a request accepts."""

import pytest

from access.identity.scim.protocol.preconditions import Precondition, tag
from access.identity.scim.protocol.problems import Problem


@pytest.mark.parametrize("header", [None, "*", 'W/"3"', '"3"', 'W/"1", W/"3"', ' W/"3" '])
def test_the_version_that_it_is_passes(header: str | None) -> None:
    Precondition(if_match=header).check(3)


@pytest.mark.parametrize("header", ["", 'W/"4"', "3", "W/3", 'w/"3"', 'W/"33"', 'W/"3', '"*"'])
def test_another_version_does_not(header: str) -> None:
    with pytest.raises(Problem) as caught:
        Precondition(if_match=header).check(3)
    assert caught.value.status == 412


def test_what_is_known_is_not_sent_again_and_not_changed() -> None:
    known = Precondition(if_none_match=tag(3))
    assert (known.is_known(3), known.is_known(4), Precondition().is_known(3)) == (True, False, False)
    with pytest.raises(Problem):
        known.check(3)
    known.check(4)
