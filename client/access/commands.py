"""`gatepass request`, `extend`, `done` and `status`."""

import sys

from client.access import choosing
from client.access.asking import Wish, ask
from client.access.choosing import Target, duration
from client.api import Api, Json
from client.errors import REFUSED, Failed, shown, usage
from client.options import Given


def request(api: Api, given: Given) -> None:
    """Ask, and say how it ended. Raises Failed."""
    role = given.words[1] if len(given.words) > 1 else None
    if role is not None and given.value("--role") not in {None, role}:
        raise usage(f"{role} and --role {given.value('--role')} are two roles. Say one.")
    _told(ask(api, choosing.target_of(given.words[0], role or given.value("--role")), Wish.of(given)))


def extend(api: Api, given: Given) -> None:
    """Ask for more time beside the grant that there is: the old one ends when it ends. Raises Failed."""
    target = choosing.target_of(given.words[0], given.value("--role"))
    grant = choosing.open_grant(api.get("/api/grants")["grants"], target)
    if grant is None:
        raise Failed(f"You have no {target} to extend. `gatepass request {target.resource}` asks for it.", REFUSED)
    _told(ask(api, Target(target.resource, str(grant["role"])), Wish.of(given), beside=str(grant["id"])))


def done(api: Api, given: Given) -> None:
    """End what is open, and take back what waits: of one resource, or all. Raises Failed."""
    if bool(given.words) == ("--all" in given.flags):
        raise usage("It is `gatepass done RESOURCE`, or `gatepass done --all`.")
    target = choosing.target_of(given.words[0], given.value("--role")) if given.words else None
    open_now = [each for each in api.get("/api/grants")["grants"] if _is(each, target)]
    waiting = [each for each in api.get("/api/requests")["requests"] if _is(each, target)]
    if not open_now and not waiting:
        if target is not None and all(each["resource"] != target.resource for each in api.get("/api/offers")["offers"]):
            raise usage(shown(f"{target.resource} is nothing that you may ask for. `gatepass status` lists what is."))
        print(shown(f"Nothing of {target or 'yours'} is open or waits, so there is nothing to end."))
    for each in open_now:
        api.post(f"/api/grants/{each['id']}/end")
        print(shown(f"Ended {each['role']} on {each['resource']}. What was live by it is cut."))
    for each in waiting:
        api.post(f"/api/requests/{each['id']}/cancel")
        print(shown(f"Took back the request for {each['role']} on {each['resource']}."))


def status(api: Api, _: Given) -> None:
    """Raises Failed."""
    me = api.get("/api/me")
    print(shown(f"{me['person']} at {api.server.origin}, signed in until {_clock(me['expires_at'])}."))
    open_now = api.get("/api/grants")["grants"]
    if open_now:
        print("\nOpen:")
        _table([(each["resource"], each["role"], _until(each)) for each in open_now])
    waiting = api.get("/api/requests")["requests"]
    if waiting:
        print("\nWaiting for a decision:")
        _table([(each["resource"], each["role"], _by(each)) for each in waiting])
    print("\nYou may ask for:")
    _table([(each["resource"], each["role"], _takes(each)) for each in api.get("/api/offers")["offers"]])


def _told(asked: Json) -> None:
    what = f"{asked['role']} on {asked['resource']}"
    said = "is open for you" if asked["state"] == "approved" else "was asked for, and waits for a decision"
    print(shown(f"{what} {said}."), file=sys.stderr)


def _is(each: Json, target: Target | None) -> bool:
    return target is None or (each["resource"] == target.resource and target.role in {None, each["role"]})


def _until(grant: Json) -> str:
    left = f"until {_clock(grant['expires_at'])}, {duration(int(grant['left_s']))} left"
    return left if grant["why_not"] is None else f"{left}; {grant['why_not']}"


def _by(request: Json) -> str:
    names = ", ".join(request["reviewers"][:6])
    return f"{names} may approve, until {_clock(request['expires_at'])}"


def _takes(offer: Json) -> str:
    how = (
        "at once"
        if offer["decision"] == "automatic"
        else f"once {offer['quorum']} of {len(offer['reviewers'])} approve"
    )
    proof = f", with {offer['requires']}" if offer["requires"] else ""
    return f"{how}, {duration(int(offer['maximum_s']))} at most{proof}"


def _clock(moment: object) -> str:
    return f"{str(moment)[11:16]} UTC"


def _table(rows: list[tuple[object, object, str]]) -> None:
    if not rows:
        print("  nothing. Your operator can add a rule to the policy.")
        return
    first, second = (max(len(str(row[column])) for row in rows) for column in (0, 1))
    for resource, role, rest in rows:
        print(shown(f"  {resource!s:<{first}}  {role!s:<{second}}  {rest}"))
