"""The endpoint as providers use it, and as whoever is no provider tries to."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from storage.model import ScimGroup, ScimUser
from support.web.provisioning import GROUP, PATCH, USER, Provisioner
from support.web.stage import PagesStage
from web.door.rates import BURST
from web.scim.bodies import MAX_USER_BYTES

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
NOBODY = "6d6cc6bd-6d49-4845-8c19-7e5ae225233f"


@pytest.mark.parametrize(
    "token", [None, "", "x", "scim-token-of-the-tests-012345678", "scim-token-of-the-tests-01234567890"]
)
async def test_a_wrong_token_is_refused_and_on_record(stage: PagesStage, corp: Provisioner, token: str | None) -> None:
    corp.token = token
    status, said = await corp.send("GET", "/Users")
    assert (status, said["status"], said["schemas"]) == (401, "401", ["urn:ietf:params:scim:api:messages:2.0:Error"])
    assert corp.headers["WWW-Authenticate"].startswith("Bearer")
    [refused] = await stage.world.events("scim:token:refuse")
    assert (refused["actor"], refused["outcome"], refused["resource"]) == ("unknown", "failure", "corp")


async def test_guesses_are_counted_by_their_address_and_keep_nobody_out(stage: PagesStage, corp: Provisioner) -> None:
    right, corp.token = corp.token, "wrong"
    statuses = [(await corp.send("GET", "/Users"))[0] for _ in range(BURST + 5)]
    assert statuses == [401] * BURST + [429] * 5
    corp.token = right
    assert (await corp.send("GET", "/Users"))[0] == 200, "whoever else has its address keeps the provider from nothing"
    assert len(await stage.world.events("scim:token:refuse")) == BURST


async def test_a_token_opens_one_provider(stage: PagesStage, corp: Provisioner) -> None:
    document = stage.world.access.policies.written.document
    document["providers"]["other"] = {"issuer": "https://other.example.com", "client_id": "x"}
    await stage.world.write(document)
    for name in ("other", "nobody", "CORP", "corp%00", ".."):
        corp.url = f"{stage.url}/scim/v2/{name}"
        assert (await corp.send("GET", "/Users"))[0] in {401, 404}, name


@pytest.mark.parametrize("content", ["short", "", None])
async def test_without_a_token_to_compare_with_nobody_comes_in(
    stage: PagesStage, corp: Provisioner, content: str | None
) -> None:
    path = stage.world.access.policies.path.parent / "token"
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    for token in (corp.token, content or "x", ""):
        corp.token = token
        assert (await corp.send("GET", "/Users"))[0] == 503


async def test_another_name_for_this_site_is_none(corp: Provisioner) -> None:
    assert (await corp.send("GET", "/Users", Host="evil.example"))[0] == 421


async def test_a_user_of_okta(corp: Provisioner) -> None:
    """Found by userName, made, deactivated by a PATCH without a path, and put whole."""
    assert await corp.found("Users", 'userName eq "kim@example.com"', startIndex="1", count="100") == []
    said = {
        "schemas": [USER],
        "userName": "kim@example.com",
        "name": {"givenName": "Kim", "familyName": "Karlsson"},
        "emails": [{"primary": True, "value": "kim@example.com", "type": "work"}],
        "displayName": "Kim Karlsson",
        "locale": "en-US",
        "externalId": "00u1abc",
        "groups": [],
        "password": "not-kept-anywhere",
        "active": True,
    }
    status, user = await corp.send("POST", "/Users", said)
    assert (status, corp.headers["Location"], corp.headers["ETag"]) == (201, user["meta"]["location"], 'W/"1"')
    assert corp.headers["Content-Type"].startswith("application/scim+json")
    assert "password" not in json.dumps(user)
    assert user["name"] == {"givenName": "Kim", "familyName": "Karlsson"}
    [found] = await corp.found("Users", 'userName eq "KIM@example.com"')
    assert found == user
    status, off = await corp.patch(f"/Users/{user['id']}", {"op": "replace", "value": {"active": False}})
    assert (status, off["active"], off["meta"]["version"]) == (200, False, 'W/"2"')
    status, on = await corp.send("PUT", f"/Users/{user['id']}", {**user, "active": True, "displayName": "Kim"})
    assert (status, on["active"], on["displayName"], on["id"]) == (200, True, "Kim", user["id"])


async def test_a_user_of_entra(corp: Provisioner) -> None:
    """Operations begin with capitals, booleans are words, addresses are made by a filter that none meets yet."""
    status, user = await corp.send(
        "POST",
        "/Users",
        {
            "schemas": [USER, ENTERPRISE],
            "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
            "userName": "Lee@example.com",
            "active": True,
            "displayName": "Lee",
            "meta": {"resourceType": "User"},
            "name": {"formatted": "Lee Li", "familyName": "Li", "givenName": "Lee"},
            "roles": [],
            ENTERPRISE: {"department": "D", "manager": "x"},
        },
    )
    assert status == 201, user
    assert ENTERPRISE not in user
    at = f"/Users/{user['id']}"
    status, changed = await corp.patch(
        at,
        {"op": "Add", "path": 'emails[type eq "work"].value', "value": "lee@example.com"},
        {"op": "Replace", "path": "name.familyName", "value": "Lo"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "E"},
        {"op": "Replace", "path": 'roles[primary eq "True"].value', "value": "r"},
    )
    assert (status, changed["emails"], changed["name"]["familyName"]) == (
        200,
        [{"value": "lee@example.com", "type": "work"}],
        "Lo",
    )
    status, changed = await corp.patch(at, {"op": "Replace", "path": "active", "value": "False"})
    assert (status, changed["active"]) == (200, False)
    values = {"active": "True", "displayName": "L", "name.givenName": "Leo"}
    status, changed = await corp.patch(at, {"op": "Replace", "value": values})
    assert (changed["active"], changed["displayName"], changed["name"]["givenName"]) == (True, "L", "Leo")
    for which in (
        'externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"',
        'emails[type eq "work"].value eq "LEE@example.com"',
        'emails[type eq "work" and value ew "example.com"]',
        'userName eq "lee@example.com" and active eq "True"',
    ):
        assert [each["id"] for each in await corp.found("Users", which)] == [user["id"]], which


async def test_a_group_of_each_of_them(corp: Provisioner) -> None:
    one, two, three = [(await corp.user(f"u{number}@example.com"))["id"] for number in range(3)]
    group = await corp.group("Engineers", externalId="g-1")
    at = f"/Groups/{group['id']}"

    async def after(*operations: dict[str, Any]) -> set[str]:
        status, shown = await corp.patch(at, *operations)
        assert status == 200, shown
        return {each["value"] for each in shown.get("members", [])}

    # Entra ID.
    assert await after({"op": "Add", "path": "members", "value": [{"$ref": None, "value": one}, {"value": two}]}) == {
        one,
        two,
    }
    assert await after({"op": "Remove", "path": "members", "value": [{"$ref": None, "value": two}]}) == {one}
    # Okta.
    assert await after({"op": "add", "path": "members", "value": [{"value": two, "display": "u2@example.com"}]}) == {
        one,
        two,
    }
    gone = {"op": "remove", "path": f'members[value eq "{one}"]'}
    assert await after(gone, {"op": "replace", "value": {"id": group["id"], "displayName": "Eng"}}) == {two}
    assert await after({"op": "replace", "path": "members", "value": [{"value": one}, {"value": three}]}) == {
        one,
        three,
    }
    either = f'members[value eq "{one}" or value eq "{two}"]'
    assert await after({"op": "remove", "path": either}) == {three}
    # Google: a member twice is a member.
    assert await after({"op": "add", "value": {"members": [{"value": three}, {"value": three}]}}) == {three}
    assert [each["displayName"] for each in await corp.found("Groups", f'members eq "{three}"')] == ["Eng"]
    [found] = await corp.found("Groups", 'displayName eq "ENG"', excludedAttributes="members")
    assert ("members" in found, found["externalId"]) == (False, "g-1")
    _, user = await corp.send("GET", f"/Users/{three}")
    assert [(each["value"], each["display"]) for each in user["groups"]] == [(group["id"], "Eng")]
    assert await after({"op": "remove", "path": "members"}) == set()


async def test_what_is_there_already_is_a_conflict(corp: Provisioner) -> None:
    first = await corp.user("kim@example.com", externalId="e1")
    other = await corp.user("lee@example.com")
    for more in ({"userName": "KIM@example.com"}, {"userName": "x@example.com", "externalId": "e1"}):
        status, said = await corp.send("POST", "/Users", {"schemas": [USER], **more})
        assert (status, said["scimType"], said["status"]) == (409, "uniqueness", "409")
    status, said = await corp.patch(
        f"/Users/{other['id']}", {"op": "replace", "path": "userName", "value": "Kim@example.com"}
    )
    assert (status, said["scimType"]) == (409, "uniqueness")
    await corp.group("Eng")
    status, said = await corp.send("POST", "/Groups", {"schemas": [GROUP], "displayName": "ENG"})
    assert (status, said["scimType"]) == (409, "uniqueness")
    assert (await corp.send("DELETE", f"/Users/{first['id']}"))[0] == 204
    await corp.user("kim@example.com", externalId="e1")


async def test_versions(corp: Provisioner) -> None:
    user = await corp.user("kim@example.com")
    at = f"/Users/{user['id']}"
    assert (await corp.send("GET", at, If_None_Match='W/"1"'))[0] == 304
    assert (await corp.send("GET", at, If_None_Match='W/"2"'))[0] == 200
    name = {"op": "replace", "path": "displayName", "value": "K"}
    assert (await corp.patch(at, name, if_match='W/"2"'))[0] == 412
    assert (await corp.patch(at, name, if_match='W/"7", W/"1"'))[0] == 200
    # What changes nothing makes no version.
    assert (await corp.patch(at, name, if_match='W/"2"'))[1]["meta"]["version"] == 'W/"2"'
    assert (await corp.send("PUT", at, user, If_Match='W/"1"'))[0] == 412
    assert (await corp.send("DELETE", at, If_Match='W/"1"'))[0] == 412
    group = await corp.group("g", user["id"])
    there = f"/Groups/{group['id']}"
    assert (await corp.send("GET", there, If_None_Match='W/"1"'))[0] == 304
    assert (await corp.patch(there, {"op": "remove", "path": "members"}, if_match='W/"9"'))[0] == 412
    assert (await corp.send("DELETE", there, If_Match='W/"9"'))[0] == 412
    assert (await corp.send("DELETE", there, If_Match='W/"1"'))[0] == 204
    assert (await corp.send("DELETE", at, If_Match='"2"'))[0] == 204


async def test_pages_of_a_list(corp: Provisioner) -> None:
    ids = [(await corp.user(f"u{number}@example.com"))["id"] for number in range(5)]
    for query, start, found in (
        ("", 1, ids),
        ("?startIndex=2&count=2", 2, ids[1:3]),
        ("?startIndex=0&count=1", 1, ids[:1]),
        ("?count=0", 1, []),
        ("?count=-3", 1, []),
        ("?startIndex=9", 9, []),
        ("?count=9999999", 1, ids),
    ):
        status, said = await corp.send("GET", f"/Users{query}")
        assert (status, said["totalResults"], said["startIndex"], said["itemsPerPage"]) == (200, 5, start, len(found))
        assert [each["id"] for each in said.get("Resources", [])] == found
    for query in ("?count=x", "?startIndex=1e3", "?count=" + "9" * 400, "?attributes=id&excludedAttributes=id"):
        assert (await corp.send("GET", f"/Users{query}"))[0] == 400, query
    body = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": 'userName sw "u3"',
        "count": 1,
    }
    status, said = await corp.send("POST", "/Users/.search", {**body, "attributes": ["userName", "name.givenName"]})
    assert (status, [sorted(each) for each in said["Resources"]]) == (200, [["id", "schemas", "userName"]])
    assert (await corp.send("POST", "/.search", body))[0] == 501


FILTERS = {
    'userName eq "ANN@example.com"': "a",
    'userName ne "ann@example.com"': "bc",
    'userName co "@EXAMPLE"': "abc",
    'userName sw "b"': "b",
    'userName ew ".com" and not (userName sw "b")': "ac",
    "displayName pr": "ab",
    "not (displayName pr)": "c",
    "displayName eq null": "c",
    'displayName ne "Ann"': "bc",
    'not (displayName eq "Ann")': "bc",
    'displayName eq "a\\"b\\\\c%_"': "b",
    'displayName co "%"': "b",
    "active eq true": "ab",
    "active ne true": "c",
    "emails pr": "ab",
    'emails eq "ann@work.example"': "a",
    'emails.type eq "home"': "b",
    'emails[type eq "work" and primary eq true]': "a",
    'emails[type eq "work" or type eq "home"]': "ab",
    'emails[not (type eq "work")]': "b",
    'emails ne "ann@work.example"': "bc",
    'name.familyName gt "A" and name.familyName lt "b"': "a",
    'meta.created gt "2020-01-01T00:00:00Z"': "abc",
    'meta.lastModified lt "2020-01-01T00:00:00Z"': "",
    'meta.resourceType eq "User"': "abc",
    'externalId eq "X1" or (userName sw "c" and active eq false)': "c",
    'externalId eq "x1"': "a",
    'urn:ietf:params:scim:schemas:core:2.0:User:userName sw "a"': "a",
    'URN:IETF:params:scim:schemas:core:2.0:user:USERNAME SW "a"': "a",
    'id eq "nobody"': "",
    f'id eq "{NOBODY}"': "",
    "id pr": "abc",
    'groups.display eq "eng"': "b",
    "groups pr": "b",
    'userName eq "ann@example.com\' or 1=1 --"': "",
    'userName eq "a" or userName eq "b" or (((((userName sw "c")))))': "c",
}


async def test_filters(corp: Provisioner) -> None:
    work = {"value": "ann@work.example", "type": "work", "primary": True}
    ids = {
        (
            await corp.user(
                "ann@example.com", displayName="Ann", externalId="x1", emails=[work], name={"familyName": "Ae"}
            )
        )["id"]: "a",
        (await corp.user("bob@example.com", displayName='a"b\\c%_', emails=[{"value": "b@h.example", "type": "home"}]))[
            "id"
        ]: "b",
        (await corp.user("cy@example.com", emails=[], active=False))["id"]: "c",
    }
    await corp.group("Eng", next(each for each, name in ids.items() if name == "b"))
    found = {which: "".join(ids[each["id"]] for each in await corp.found("Users", which)) for which in FILTERS}
    assert found == FILTERS


NO_FILTERS = (
    "userName",
    "userName eq",
    "userName eq ann",
    'userName xx "a"',
    'userName eq "a',
    'userName eq "a" and',
    '(userName eq "a"',
    'title eq "x"',
    'emails.nothing eq "x"',
    'password eq "x"',
    "active gt true",
    'active eq "maybe"',
    "userName eq 5",
    'userName eq "\\u0000"',
    'userName eq "\\ud800"',
    'meta.created gt "yesterday"',
    'meta.created gt "2020-01-01T00:00:00"',
    'userName[type eq "x"]',
    'urn:example:other:userName eq "a"',
    "not (" * 40 + "userName pr" + ")" * 40,
    'userName eq "' + "x" * 2_000 + '"',
    "(" * 1_500,
)


@pytest.mark.parametrize("which", NO_FILTERS)
async def test_what_is_no_filter(corp: Provisioner, which: str) -> None:
    status, said = await corp.send("GET", f"/Users?filter={quote(which)}")
    assert (status, said["scimType"]) == (400, "invalidFilter"), said


NO_BODIES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b'"x"',
    b"\xff\xfe",
    b'{"userName": NaN}',
    b'{"userName": "a\\u0000b"}',
    b'{"userName": "\\ud800"}',
    b'{"userName": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    b'{"userName": ' + b'{"a":' * 40 + b"1" + b"}" * 41,
    b'{"schemas": ["%s"]}' % USER.encode(),
    b'{"schemas": ["%s"], "userName": ""}' % USER.encode(),
    b'{"schemas": ["%s"], "userName": 5}' % USER.encode(),
    b'{"schemas": ["%s"], "userName": "x", "active": "perhaps"}' % USER.encode(),
    b'{"schemas": ["%s"], "userName": "%s"}' % (USER.encode(), b"x" * 300),
    b'{"schemas": ["%s"], "userName": "x", "emails": "y"}' % USER.encode(),
    b'{"schemas": ["urn:other"], "userName": "x"}',
    b'{"schemas": ["%s"], "userName": "\\u200balice@example.com"}' % USER.encode(),
    b'{"schemas": ["%s"], "userName": "x", "emails": [{"value": "a\\u00adlice@example.com"}]}' % USER.encode(),
)


@pytest.mark.parametrize("raw", NO_BODIES)
async def test_what_is_no_user(stage: PagesStage, corp: Provisioner, raw: bytes) -> None:
    status, said = await corp.send("POST", "/Users", raw=raw)
    assert (status, said["status"]) == (400, "400"), said
    assert await stage.world.all(ScimUser) == []


async def test_other_bodies(corp: Provisioner) -> None:
    assert (await corp.send("POST", "/Users", raw=b"x" * (MAX_USER_BYTES + 1)))[0] == 413
    assert (await corp.send("POST", "/Users", {}, Content_Type="text/plain"))[0] == 415
    many = [{"value": f"{number}@example.com"} for number in range(60)]
    status, _ = await corp.send("POST", "/Users", {"schemas": [USER], "userName": "x", "emails": many})
    assert status == 400


NO_OPERATIONS: tuple[Any, ...] = (
    [],
    [{}],
    ["x"],
    [{"op": "fly", "path": "active", "value": True}],
    [{"op": "remove"}],
    [{"op": "replace", "path": "active"}],
    [{"op": "replace", "path": "active", "value": "perhaps"}],
    [{"op": "replace", "path": "id", "value": NOBODY}],
    [{"op": "remove", "path": "userName"}],
    [{"op": "replace", "path": "userName", "value": "x" * 300}],
    [{"op": "replace", "path": "emails[", "value": "x"}],
    [{"op": "replace", "path": "x" * 2_000, "value": "x"}],
    [{"op": "replace", "path": 5, "value": "x"}],
    [{"op": "replace", "path": "displayName", "value": "K"}, {"op": "replace", "path": "active", "value": "perhaps"}],
    [{"op": "add", "path": "emails", "value": [{"value": str(number)} for number in range(60)]}],
)


@pytest.mark.parametrize("operations", NO_OPERATIONS)
async def test_a_patch_is_done_whole_or_not_at_all(corp: Provisioner, operations: Any) -> None:
    user = await corp.user("kim@example.com")
    at = f"/Users/{user['id']}"
    status, said = await corp.send("PATCH", at, {"schemas": [PATCH], "Operations": operations})
    assert (status, said["status"]) == (400, "400"), said
    assert (await corp.send("GET", at))[1] == user


async def test_groups_within_groups_are_refused(stage: PagesStage, corp: Provisioner) -> None:
    """So there are no cycles of them either."""
    inner = await corp.group("inner")
    outer = await corp.group("outer")
    for member in (
        {"value": inner["id"], "type": "Group"},
        {"value": inner["id"], "$ref": inner["meta"]["location"]},
        {"value": inner["id"]},
        {"value": outer["id"]},
    ):
        status, said = await corp.patch(f"/Groups/{outer['id']}", {"op": "add", "path": "members", "value": [member]})
        assert (status, said["scimType"], "Groups within groups" in said["detail"]) == (400, "invalidValue", True)
        status, _ = await corp.send("POST", "/Groups", {"schemas": [GROUP], "displayName": "x", "members": [member]})
        assert status == 400
    assert len(await stage.world.all(ScimGroup)) == 2
    for member in ({"value": NOBODY}, {"value": "x"}, {"value": 5}, {}, 5):
        status, _ = await corp.patch(f"/Groups/{outer['id']}", {"op": "add", "path": "members", "value": [member]})
        assert status == 400, member
    for path in ('members[display eq "x"]', f'members[value ne "{NOBODY}"]', "members.value", "members["):
        status, _ = await corp.patch(f"/Groups/{outer['id']}", {"op": "remove", "path": path})
        assert status == 400, path


async def test_no_more_than_so_many(corp: Provisioner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("access.identity.scim.users.MAX_USERS", 2)
    monkeypatch.setattr("access.identity.scim.users.MAX_LEFT", 3)
    monkeypatch.setattr("access.identity.scim.groups.MAX_GROUPS", 1)
    users = [await corp.user(f"u{number}@example.com") for number in range(2)]
    assert (await corp.send("POST", "/Users", {"schemas": [USER], "userName": "x"}))[0] == 403
    for number in range(2, 4):
        await corp.send("DELETE", f"/Users/{users.pop()['id']}")
        users.append(await corp.user(f"u{number}@example.com"))
    await corp.send("DELETE", f"/Users/{users.pop()['id']}")
    status, said = await corp.send("POST", "/Users", {"schemas": [USER], "userName": "x"})
    assert (status, "3 who left" in said["detail"]) == (403, True)
    await corp.group("one")
    assert (await corp.send("POST", "/Groups", {"schemas": [GROUP], "displayName": "two"}))[0] == 403


async def test_a_flood_is_told_to_slow_down(corp: Provisioner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.door.rates.Rates.take", lambda *_: False)
    status, _ = await corp.send("GET", "/Users")
    assert (status, corp.headers["Retry-After"]) == (429, "5")


async def test_what_is_not_there(corp: Provisioner) -> None:
    for path in (
        "",
        "/",
        "/Users/x",
        f"/Users/{NOBODY}",
        f"/Groups/{NOBODY}",
        "/Nothing",
        f"/Users/{NOBODY}/x",
        "/Schemas/x",
    ):
        status, said = await corp.send("GET", path)
        assert (status, said["status"]) == (404, "404"), path
    for method, path in (("POST", "/Schemas"), ("PUT", "/Users"), ("DELETE", "/Groups"), ("POST", f"/Users/{NOBODY}")):
        assert (await corp.send(method, path, {}))[0] == 405, path
    assert (await corp.send("GET", "/Schemas?filter=x"))[0] == 403
