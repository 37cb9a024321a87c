"""Signing in where no browser is: a code is shown, and somebody types it into a browser elsewhere (RFC 8628)."""

import sys
import time
from collections.abc import Callable
from typing import Final

from client.api import Api, Json, Refused
from client.errors import SIGNED_OUT, UNTRUSTED, Failed, shown

_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
#: What the server asks for when it is asked too often.
_SLOWER_S: Final = 5


def signed_in(api: Api, device: str, pause: Callable[[float], None] = time.sleep) -> Json:
    """The server's answer, with the secret in it. Raises Failed."""
    asked = api.post_form("/api/device", {"device": device})
    try:
        interval_s, left_s = int(asked["interval"]), int(asked["expires_in"])
        device_code, user_code, page = (str(asked[name]) for name in ("device_code", "user_code", "verification_uri"))
    except (KeyError, TypeError, ValueError) as error:
        raise Failed("What answers there is no Gatepass. Look at the address of its pages.", UNTRUSTED) from error
    print(
        f"Open {shown(page)} in a browser, on any machine, and type this code there:\n\n"
        f"    {shown(user_code)}\n\n"
        f"It is good for {left_s // 60} minutes. Give it to nobody.",
        file=sys.stderr,
        flush=True,
    )
    while left_s > 0:
        pause(interval_s)
        left_s -= interval_s
        try:
            return api.post_form("/api/token", {"grant_type": _GRANT, "device_code": device_code})
        except Refused as refused:
            if refused.word == "slow_down":
                interval_s += _SLOWER_S
            elif refused.word != "authorization_pending":
                raise Failed(str(refused), SIGNED_OUT) from refused
    raise Failed("Nobody typed the code in time. Run `gatepass login --no-browser` again.", SIGNED_OUT)
