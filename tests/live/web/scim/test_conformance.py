"""The endpoint by the checks of scim2-tester, a suite of somebody else's."""

import asyncio
from collections import Counter

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import CheckResult, Status, check_server

from support.web.provisioning import Provisioner

#: What it says of version 0.5.2; a check that vanishes is no success.
FEWEST = 68


def _checked(corp: Provisioner) -> list[CheckResult]:
    headers = {"Authorization": f"Bearer {corp.token}"}
    with httpx2.Client(base_url=corp.url, headers=headers, timeout=30) as client:
        return check_server(SyncSCIMClient(client))


async def test_every_check_of_scim2_tester_passes(corp: Provisioner) -> None:
    results = await asyncio.to_thread(_checked, corp)
    failed = [f"{each.title}: {each.reason}" for each in results if each.status not in {Status.SUCCESS, Status.SKIPPED}]
    assert failed == [], "\n".join(failed)
    counted = Counter(each.status for each in results)
    print(f"scim2-tester: {dict(counted)}")
    assert counted[Status.SUCCESS] >= FEWEST
