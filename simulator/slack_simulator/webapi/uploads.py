"""Where files come in and go out: the url of files.getUploadURLExternal, and `url_private` of a file object.

Refuses a second upload, a body of another size than announced, and readers who come neither with the app's token nor
from the workspace's own page (where people have no passwords). What is read is never run: no browser takes it for a
page.
"""

import hmac
from urllib.parse import quote

from aiohttp import BodyPartReader, web

from slack_simulator.workspace.workspace import Workspace

#: Kinds that browsers may show in place; everything else is a download.
SHOWN_IN_PLACE = {"image/png", "image/jpeg", "image/gif", "image/webp", "text/plain"}


class Uploads:
    """The two routes, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        """The workspace whose files they are."""
        self._workspace = workspace

    def routes(self) -> list[web.RouteDef]:
        """Uploads by POST, as Slack's documentation asks for; downloads by GET."""
        return [
            web.post("/upload/v1/{secret}", self.take),
            web.get("/files-pri/{key}/{name}", self.give),
        ]

    async def take(self, request: web.Request) -> web.Response:
        """The file's bytes, raw or as the first file of a form."""
        file = self._workspace.files.awaited(request.match_info["secret"])
        if file is None:
            return web.Response(status=404, text="no such upload: the url is unknown, or was used already")
        content = await _body(request, file.size)
        if content is None or len(content) != file.size:
            got = "more" if content is None else f"{len(content)} bytes"
            problem = f"announced as {file.size} bytes, got {got}"
            self._workspace.inspector.record("file", file.name, ok=False, id=file.id, error=problem)
            return web.Response(status=400, text=problem)
        self._workspace.files.store(file, content)
        self._workspace.inspector.record("file", file.name, id=file.id, size=file.size)
        return web.Response(text=f"OK - {file.size}")

    async def give(self, request: web.Request) -> web.Response:
        """The file's bytes."""
        file = self._workspace.files.get(request.match_info["key"].rpartition("-")[2])
        if file is None or file.content is None or not self._may_read(request):
            return web.Response(status=404, text="no such file, or not for you")
        in_place = file.mimetype in SHOWN_IN_PLACE and "download" not in request.query
        disposition = f"{'inline' if in_place else 'attachment'}; filename*=UTF-8''{quote(file.name)}"
        headers = {
            "Content-Disposition": disposition,
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        return web.Response(body=file.content, content_type=file.mimetype, headers=headers)

    def _may_read(self, request: web.Request) -> bool:
        spec = self._workspace.spec
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return hmac.compare_digest(token.strip().encode(errors="replace"), spec.bot_token.encode()) and spec.grants(
                "files:read"
            )
        return request.headers.get("Sec-Fetch-Site") == "same-origin"


async def _body(request: web.Request, limit: int) -> bytes | None:
    """What was sent; None if it is more than `limit` bytes."""
    if request.content_type != "multipart/form-data":
        content = bytearray()
        async for chunk in request.content.iter_chunked(64 * 1024):
            content += chunk
            if len(content) > limit:
                return None
        return bytes(content)
    try:
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and (part.filename is not None or part.name in {"file", "filename"}):
                return await _part(part, limit)
    except ValueError as problem:
        raise web.HTTPBadRequest(text=f"not a form: {problem}") from problem
    return b""


async def _part(part: BodyPartReader, limit: int) -> bytes | None:
    content = bytearray()
    while chunk := await part.read_chunk():
        content += chunk
        if len(content) > limit:
            return None
    return bytes(content)
