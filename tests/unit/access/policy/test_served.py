"""Which protocols are served, and that a policy is told of the others before anybody meets them."""

from typing import Any

import pytest

from access.policy.policy import Policy
from access.policy.served import SERVED, NotServed
from storage.model import Protocol
from support.policies import assert_told, change

LATER = [protocol for protocol in Protocol if protocol not in SERVED]


def test_each_is_listed_once() -> None:
    assert len(SERVED) == len(set(SERVED)) > 0


@pytest.mark.parametrize("protocol", LATER)
def test_a_policy_that_names_one_of_the_others_is_refused(document: dict[str, Any], protocol: Protocol) -> None:
    change("resources", "web-1", "type", to=protocol.value)(document)
    assert_told(document, "resources.web-1.type", str(NotServed(protocol)))


def test_a_policy_may_name_all_that_are_served(document: dict[str, Any]) -> None:
    served = {resource.type for resource in Policy.model_validate(document).resources.values()}
    assert served == set(SERVED)


@pytest.mark.parametrize("protocol", LATER)
def test_the_refusal_says_which_it_is_and_which_there_are(protocol: Protocol) -> None:
    refused, _, offered = str(NotServed(protocol)).partition(": ")
    assert refused == f"{protocol} resources are not supported yet"
    assert {one for one in Protocol if one in offered.split()} == set(SERVED)
