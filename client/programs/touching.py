"""A touch of the person's security key, where a rule asks for one: on a page, which a terminal cannot show.

The link is said once, and opened where there is a browser. The command goes on by itself once the page has the touch,
which is for this grant, for this command line, once.
"""

import sys
import time
from typing import Final

from client.api import Api, Json
from client.errors import REFUSED, UNDECIDED, UNTRUSTED, Failed, shown

#: So much longer than the server says is asked: it says itself that it is over.
_GRACE_S: Final = 30.0


def given(api: Api, grant: Json, *, browser: bool) -> str | None:
    """The touch, for whoever hands what opens this grant; None: it takes none. Raises Failed."""
    if not grant.get("takes_touch"):
        return None
    asked = api.post(f"/api/grants/{grant['id']}/touch")
    try:
        wanted, path, left_s = str(asked["id"]), str(asked["page"]), int(asked["expires_in"])
    except (KeyError, TypeError, ValueError) as error:
        raise Failed("What answers there is no Gatepass. Look at the address of its pages.", UNTRUSTED) from error
    _say(f"{api.server.origin}/{path.lstrip('/')}", grant, left_s, browser=browser)
    until = time.monotonic() + left_s + _GRACE_S
    while time.monotonic() < until:
        match api.get(f"/api/touches/{wanted}?wait=1")["state"]:
            case "touched":
                return wanted
            case "refused":
                raise Failed("It was refused on the page, so nothing was opened.", REFUSED)
            case "waiting":
                continue
            case _:
                break
    raise Failed(f"Nobody touched a key within {left_s // 60} minutes, so nothing was opened. Run it again.", UNDECIDED)


def _say(address: str, grant: Json, left_s: int, *, browser: bool) -> None:
    # A web browser's module takes long to load, and most commands do without.
    from client.login import browsers  # noqa: PLC0415

    what = f"{grant['role']} on {grant['resource']}"
    print(
        shown(f"{what} takes a touch of your security key. Touch it in your browser, within {left_s // 60} minutes:\n")
        + shown(f"    {address}"),
        file=sys.stderr,
        flush=True,
    )
    if browser and browsers.has_browser():
        browsers.show(address)
