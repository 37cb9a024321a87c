"""The service provider endpoint of each provider: `/scim/v2/NAME/…` (RFC 7644)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from uuid import UUID

import structlog
from aiohttp import web

from access.context import Access
from access.identity.scim import groups, listing, users
from access.identity.scim.listing import Page
from access.identity.scim.protocol import discovery, problems
from access.identity.scim.protocol.preconditions import Precondition, tag
from access.identity.scim.protocol.problems import Problem
from access.identity.scim.protocol.showing import Selection
from access.identity.scim.room import Teller
from storage.database import StorageUnavailable
from web.scim import PROVISIONING, bodies
from web.scim.bodies import MAX_GROUP_BYTES, MAX_USER_BYTES, answer
from web.scim.door import PREFIX, Door
from web.settings import Origin

SEARCH: Final = ".search"
_WITH_BODIES: Final = frozenset({"POST", "PUT", "PATCH"})

Handler = Callable[[web.Request, Teller], Awaitable[web.Response]]
Listing = Callable[[Teller, str | None, Page, Selection], Awaitable[dict[str, Any]]]

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Provisioning:
    """What providers ask for and tell, at an address each of their own."""

    def __init__(self, access: Access, origin: Origin) -> None:
        self._door = Door(access, origin)

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", f"{PREFIX}/{{provider}}{{within:(/.*)?}}", self._serve, name=PROVISIONING)]

    async def _serve(self, request: web.Request) -> web.Response:
        try:
            teller, handler = await self._door.teller(request), _handler(request)
            if request.method in _WITH_BODIES:
                await bodies.arrive(request, at_most=_at_most(request))
                # Once more: the token may have been replaced while the rest was held back.
                await self._door.check(request)
            return await handler(request, teller)
        except Problem as problem:
            return bodies.refusal(problem)
        except StorageUnavailable:
            said = "Gatepass does not reach its storage at the moment. Nothing was changed. Try again in a minute."
            return bodies.refusal(Problem(503, said))
        except web.HTTPException:
            raise
        except Exception:
            log.exception("scim_failed", path=request.path, method=request.method)
            return bodies.refusal(Problem(500, "Gatepass could not do this, and has written down why."))


def _handler(request: web.Request) -> Handler:
    """Raises Problem."""
    kind, _, one = request.match_info["within"].strip("/").partition("/")
    by_method = _SEARCHES.get(kind.lower()) if one == SEARCH else _HANDLERS.get((kind.lower(), bool(one)))
    if kind == SEARCH and not one:
        by_method = {"POST": _search_all}
    if by_method is None or "/" in one:
        raise problems.no_such("endpoint")
    handler = by_method.get("GET" if request.method == "HEAD" else request.method)
    if handler is None:
        raise Problem(405, "This cannot be done here.")
    return handler


def _at_most(request: web.Request) -> int:
    """How large its body may be."""
    kind, _, one = request.match_info["within"].strip("/").partition("/")
    return MAX_GROUP_BYTES if kind.lower() == "groups" and one != SEARCH else MAX_USER_BYTES


def _one_of(request: web.Request) -> str:
    """The last part of the path."""
    return request.match_info["within"].strip("/").partition("/")[2]


def _id(request: web.Request, what: str) -> UUID:
    """Raises Problem."""
    try:
        return UUID(_one_of(request))
    except ValueError:
        raise problems.no_such(what) from None


def _selection(request: web.Request) -> Selection:
    return Selection.read(request.query.get("attributes"), request.query.get("excludedAttributes"))


def _expected(request: web.Request) -> Precondition:
    return Precondition(request.headers.get("If-Match"), request.headers.get("If-None-Match"))


def _shown(request: web.Request, document: dict[str, Any], status: int = 200) -> web.Response:
    meta = document["meta"]
    headers = {"ETag": meta["version"], "Content-Location": meta["location"]}
    if status == 201:
        headers["Location"] = meta["location"]
    return answer(_selection(request).of(document), status, headers)


def _known(request: web.Request, version: int) -> web.Response | None:
    if not _expected(request).is_known(version):
        return None
    return answer(None, 304, {"ETag": tag(version)})


async def _list_users(request: web.Request, teller: Teller) -> web.Response:
    return await _listed(teller, listing.users, request.query)


async def _search_users(request: web.Request, teller: Teller) -> web.Response:
    return await _listed(teller, listing.users, _question(request))


async def _listed(teller: Teller, of: Listing, question: Mapping[str, str]) -> web.Response:
    page = Page.read(question.get("startIndex"), question.get("count"))
    selection = Selection.read(question.get("attributes"), question.get("excludedAttributes"))
    return answer(await of(teller, question.get("filter"), page, selection))


def _question(request: web.Request) -> dict[str, str]:
    """RFC 7644, 3.4.3: what a query says, as JSON. Raises Problem."""
    body = bodies.read(request)
    if not isinstance(body, dict):
        raise Problem(400, "It is no search.", "invalidSyntax")
    return {name: ",".join(map(str, said)) if isinstance(said, list) else str(said) for name, said in body.items()}


async def _search_all(_: web.Request, __: Teller) -> web.Response:
    raise Problem(501, "Users and groups are searched each by themselves: /Users/.search, /Groups/.search.")


async def _create_user(request: web.Request, teller: Teller) -> web.Response:
    _selection(request)
    body = bodies.read(request)
    return _shown(request, await users.create(teller, body), 201)


async def _read_user(request: web.Request, teller: Teller) -> web.Response:
    _selection(request)
    row, document = await users.read(teller, _id(request, "user"))
    return _known(request, row.version) or _shown(request, document)


async def _replace_user(request: web.Request, teller: Teller) -> web.Response:
    _selection(request)
    body = bodies.read(request)
    return _shown(request, await users.replace(teller, _id(request, "user"), body, _expected(request)))


async def _patch_user(request: web.Request, teller: Teller) -> web.Response:
    _selection(request)
    body = bodies.read(request)
    return _shown(request, await users.patch(teller, _id(request, "user"), body, _expected(request)))


async def _remove_user(request: web.Request, teller: Teller) -> web.Response:
    await users.remove(teller, _id(request, "user"), _expected(request))
    return answer(None, 204)


async def _list_groups(request: web.Request, teller: Teller) -> web.Response:
    return await _listed(teller, listing.all_groups, request.query)


async def _search_groups(request: web.Request, teller: Teller) -> web.Response:
    return await _listed(teller, listing.all_groups, _question(request))


async def _create_group(request: web.Request, teller: Teller) -> web.Response:
    _selection(request)
    body = bodies.read(request)
    return _shown(request, await groups.create(teller, body), 201)


async def _read_group(request: web.Request, teller: Teller) -> web.Response:
    with_members = _selection(request).shows("members")
    row, document = await groups.read(teller, _id(request, "group"), with_members=with_members)
    return _known(request, row.version) or _shown(request, document)


async def _replace_group(request: web.Request, teller: Teller) -> web.Response:
    _selection(request)
    body = bodies.read(request)
    return _shown(request, await groups.replace(teller, _id(request, "group"), body, _expected(request)))


async def _patch_group(request: web.Request, teller: Teller) -> web.Response:
    _selection(request)
    body = bodies.read(request)
    row, document = await groups.patch(teller, _id(request, "group"), body, _expected(request))
    if document is None:
        return answer(None, 204, {"ETag": tag(row.version)})
    return _shown(request, document)


async def _remove_group(request: web.Request, teller: Teller) -> web.Response:
    await groups.remove(teller, _id(request, "group"), _expected(request))
    return answer(None, 204)


async def _config(_: web.Request, teller: Teller) -> web.Response:
    return answer(discovery.config(teller.base))


async def _resource_types(request: web.Request, teller: Teller) -> web.Response:
    _unfiltered(request)
    return answer(discovery.all_of(discovery.resource_types(teller.base)))


async def _resource_type(request: web.Request, teller: Teller) -> web.Response:
    return _one(request, discovery.resource_types(teller.base), "type of resource")


async def _schemas(request: web.Request, teller: Teller) -> web.Response:
    _unfiltered(request)
    return answer(discovery.all_of(discovery.schemas(teller.base)))


async def _schema(request: web.Request, teller: Teller) -> web.Response:
    return _one(request, discovery.schemas(teller.base), "schema")


def _one(request: web.Request, found: dict[str, dict[str, Any]], what: str) -> web.Response:
    document = found.get(_one_of(request))
    if document is None:
        raise problems.no_such(what)
    return answer(document)


def _unfiltered(request: web.Request) -> None:
    """RFC 7644, 4: what a client may see here does not depend on a filter."""
    if "filter" in request.query:
        raise Problem(403, "These are not filtered.")


_SEARCHES: Final[Mapping[str, Mapping[str, Handler]]] = {
    "users": {"POST": _search_users},
    "groups": {"POST": _search_groups},
}
#: By the first part of the path, and whether there is a second.
_HANDLERS: Final[Mapping[tuple[str, bool], Mapping[str, Handler]]] = {
    ("users", False): {"GET": _list_users, "POST": _create_user},
    ("users", True): {"GET": _read_user, "PUT": _replace_user, "PATCH": _patch_user, "DELETE": _remove_user},
    ("groups", False): {"GET": _list_groups, "POST": _create_group},
    ("groups", True): {"GET": _read_group, "PUT": _replace_group, "PATCH": _patch_group, "DELETE": _remove_group},
    ("serviceproviderconfig", False): {"GET": _config},
    ("resourcetypes", False): {"GET": _resource_types},
    ("resourcetypes", True): {"GET": _resource_type},
    ("schemas", False): {"GET": _schemas},
    ("schemas", True): {"GET": _schema},
}
