"""Style sheets, scripts and pictures of the pages: files of the package, looked up by names that are known at start."""

import hashlib
from importlib import resources
from typing import Final

from aiohttp import web

TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Files:
    """/static/…: what there is, each with its ETag; nothing of a request becomes a path."""

    def __init__(self) -> None:
        folder = resources.files("web") / "static"
        self._files = {
            each.name: each.read_bytes() for each in folder.iterdir() if each.name.rpartition(".")[2] in TYPES
        }
        self._tags = {name: hashlib.sha256(data).hexdigest()[:16] for name, data in self._files.items()}

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/static/{name}", self._file), web.get("/favicon.ico", self._icon)]

    async def _file(self, request: web.Request) -> web.Response:
        return self._answer(request, request.match_info["name"])

    async def _icon(self, request: web.Request) -> web.Response:
        return self._answer(request, "icon.svg")

    def _answer(self, request: web.Request, name: str) -> web.Response:
        data = self._files.get(name)
        if data is None:
            raise web.HTTPNotFound
        headers = {"ETag": f'"{self._tags[name]}"', "Cache-Control": "no-cache"}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        return web.Response(body=data, content_type=TYPES[name.rpartition(".")[2]], charset="utf-8", headers=headers)
