"""Files: announced, uploaded, shared; read by the app and by the page, and by nobody else."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from slack_simulator.client import SimulatorClient
from slack_simulator.workspace.files import FILE_BYTES


async def announced(slack: Any, **changes: Any) -> Any:
    """A file of five bytes that is about to come."""
    return await slack.files_getUploadURLExternal(**({"filename": "digest.txt", "length": 5} | changes))


async def sent(url: str, content: Any) -> tuple[int, str]:
    """What the upload url says to this body."""
    async with aiohttp.ClientSession() as session, session.post(url, data=content) as response:
        return response.status, await response.text()


async def test_the_official_client_uploads(slack: Any, people: SimulatorClient) -> None:
    """files_upload_v2: two calls and an upload; one message with both files, which everybody in the channel sees."""
    parent = await slack.chat_postMessage(channel="C0GENERAL", text="incident")
    uploads = [
        {"filename": "digest.txt", "content": "hello", "title": "Digest"},
        {"filename": "graph.png", "content": b"\x89PNG", "title": "Graph", "alt_txt": "A rising line"},
    ]
    done = await slack.files_upload_v2(
        file_uploads=uploads, channel="C0GENERAL", thread_ts=parent["ts"], initial_comment="What happened"
    )
    first, second = done["files"]
    assert (first["title"], first["size"], first["mimetype"], first["is_public"]) == ("Digest", 5, "text/plain", True)
    assert (second["alt_txt"], second["channels"]) == ("A rising line", ["C0GENERAL"])
    message = (await people.messages("general", "bob"))[-1]
    assert (message["text"], message["thread_ts"]) == ("What happened", parent["ts"])
    assert [one["name"] for one in message["files"]] == ["digest.txt", "graph.png"]


async def test_a_form_is_taken_too(slack: Any) -> None:
    """multipart/form-data, as curl -F sends it."""
    file = await announced(slack)
    form = aiohttp.FormData()
    form.add_field("note", "not the file")
    form.add_field("filename", b"hello", filename="digest.txt")
    assert await sent(file["upload_url"], form) == (200, "OK - 5")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"length": 0}, "missing_argument"),
        ({"filename": ""}, "invalid_arguments"),
        ({"length": -1}, "invalid_arguments"),
        ({"length": FILE_BYTES + 1}, "file_upload_size_restricted"),
        ({"length": 1024 * 1024 + 1, "snippet_type": "python"}, "snippet_too_large"),
        ({"alt_txt": "x" * 1001}, "alt_txt_too_large"),
    ],
)
async def test_announcements_that_are_refused(slack: Any, arguments: Any, error: str) -> None:
    """Before a byte was sent."""
    with pytest.raises(SlackApiError, match=error):
        await announced(slack, **arguments)


@pytest.mark.parametrize(
    ("content", "problem"), [(b"hell", "got 4 bytes"), (b"hello!", "got more"), (b"", "got 0 bytes")]
)
async def test_uploads_of_another_size(slack: Any, content: bytes, problem: str) -> None:
    """The url stays good for the right one; until then the file cannot be completed."""
    file = await announced(slack)
    status, said = await sent(file["upload_url"], content)
    assert (status, said) == (400, f"announced as 5 bytes, {problem}")
    with pytest.raises(SlackApiError, match="file_update_failed"):
        await slack.files_completeUploadExternal(files=[{"id": file["file_id"]}], channel_id="C0GENERAL")
    assert (await sent(file["upload_url"], b"hello"))[0] == 200
    assert (await sent(file["upload_url"], b"hello"))[0] == 404
    assert (await sent(file["upload_url"] + "x", b"hello"))[0] == 404


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"files": []}, "invalid_arguments"),
        ({"files": [{"title": "x"}]}, "invalid_arguments"),
        ({"files": [{"id": "F0NOWHERE"}]}, "file_not_found"),
        ({"channel_id": "C0NOWHERE"}, "channel_not_found"),
        ({"channel_id": "C0NOTHERE"}, "not_in_channel"),
        ({"thread_ts": "1.2"}, "invalid_arguments"),
        ({"channel_id": "C0GENERAL", "thread_ts": "1.2"}, "thread_not_found"),
    ],
)
async def test_completions_that_are_refused(slack: Any, arguments: Any, error: str) -> None:
    """Nothing is shared, and a right call still goes through, once."""
    file = await announced(slack)
    await sent(file["upload_url"], b"hello")
    files = [{"id": file["file_id"], "title": "Digest"}]
    with pytest.raises(SlackApiError, match=error):
        await slack.files_completeUploadExternal(**({"files": files} | arguments))
    await slack.files_completeUploadExternal(files=files, channel_id="C0GENERAL")
    with pytest.raises(SlackApiError, match="file_not_found"):
        await slack.files_completeUploadExternal(files=files, channel_id="C0GENERAL")


async def test_several_channels_and_none(slack: Any, people: SimulatorClient) -> None:
    """`channels` shares it in each, by their ids and no names; without any it stays private."""
    direct: Any = (await slack.conversations_open(users="U0ALICE"))["channel"]
    for name in ("U0ALICE", "#general"):
        file = await announced(slack)
        await sent(file["upload_url"], b"hello")
        with pytest.raises(SlackApiError, match="must match regex pattern"):
            await slack.files_completeUploadExternal(files=[{"id": file["file_id"]}], channel_id=name)
    for channels, kinds in ((["C0SECRETS", direct["id"]], ("groups", "ims")), ([], ())):
        file = await announced(slack)
        await sent(file["upload_url"], b"hello")
        done = await slack.files_completeUploadExternal(files=[{"id": file["file_id"]}], channels=channels)
        (described,) = done["files"]
        assert described["is_public"] is False
        assert tuple(kind for kind in ("channels", "groups", "ims") if described[kind]) == kinds
    assert len(await people.messages("secret", "alice")) == 1
    assert len(await people.messages("dm", "alice")) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer xoxb-simulator-bot"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({}, 404),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Authorization": "Bearer xoxb-simulator-wrong", "Sec-Fetch-Site": "same-origin"}, 404),
    ],
)
async def test_who_may_read_it(slack: Any, headers: dict[str, str], status: int) -> None:
    """The app's token or the page; what comes can never act as a page of ours."""
    done = await slack.files_upload_v2(filename="page.html", content="<script>", channel="C0GENERAL")
    url = done["file"]["url_private"]
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        assert response.status == status
        if status == 200:
            assert await response.read() == b"<script>"
            assert response.headers["Content-Disposition"].startswith("attachment")
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in response.headers["Content-Security-Policy"]


async def test_a_file_s_name_is_never_a_path(slack: Any) -> None:
    """Only its last part is kept."""
    done = await slack.files_upload_v2(filename="../../etc/pass wd", content="hello", title="x")
    assert done["file"]["name"] == "pass wd"
