"""What cannot be looked at is a fault of the masking."""

from proxy.errors import PolicyFault
from proxy.kubernetes.objects.unreadable import Unreadable
from storage.model import EndReason


def test_it_ends_what_it_happens_in() -> None:
    assert issubclass(Unreadable, PolicyFault)
    assert Unreadable("no JSON").reason is EndReason.POLICY_ERROR
