"""A server that is asked for a code of eight letters and answers something else."""

from typing import Any, cast

import pytest

from client.api import Api
from client.errors import UNTRUSTED, Failed
from client.login.device import signed_in


class Answers:
    """A server that answers this, whatever it is asked."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self._answer = answer

    def post_form(self, _path: str, _form: dict[str, str]) -> dict[str, Any]:
        return self._answer


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"ok": False, "error": "unknown_method"},
        {"interval": "soon", "expires_in": 600, "device_code": "d", "user_code": "u", "verification_uri": "v"},
        {"interval": 5, "expires_in": None, "device_code": "d", "user_code": "u", "verification_uri": "v"},
        {"interval": 5, "expires_in": 600, "device_code": "d", "user_code": "u"},
    ],
)
def test_what_is_no_gatepass_is_told_so(answer: dict[str, Any]) -> None:
    with pytest.raises(Failed, match="is no Gatepass") as failed:
        signed_in(cast("Api", Answers(answer)), "gatepass on laptop")
    assert failed.value.status == UNTRUSTED
