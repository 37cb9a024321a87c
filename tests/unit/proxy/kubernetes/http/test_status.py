"""What Gatepass answers is a Status, by the words that clients know."""

import json

import pytest

from proxy.kubernetes.http.status import failure


@pytest.mark.parametrize(
    ("code", "reason"), [(401, "Unauthorized"), (403, "Forbidden"), (429, "TooManyRequests"), (599, "InternalError")]
)
def test_a_refusal_is_a_status_that_kubectl_prints(code: int, reason: str) -> None:
    said = json.loads(failure(code, "No “rm” here."))
    assert (said["kind"], said["apiVersion"], said["status"]) == ("Status", "v1", "Failure")
    assert (said["code"], said["reason"], said["message"]) == (code, reason, "gatepass: No “rm” here.")
