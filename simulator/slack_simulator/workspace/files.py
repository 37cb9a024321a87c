"""Files that the app uploaded: announced, then sent, then shared in conversations.

Contents lie in memory. At most KEPT_BYTES of them are kept; the oldest go first, their messages stay.
"""

import mimetypes
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import quote

from slack_simulator.base.clock import Clock
from slack_simulator.base.json_types import JsonObject

#: Ours: Slack takes 1 GB, which nobody wants in memory.
FILE_BYTES = 64 * 1024 * 1024
KEPT_BYTES = 256 * 1024 * 1024


@dataclass
class File:
    """One file; `content` is None until it was uploaded, and again once it was forgotten."""

    id: str
    #: The secret end of its upload url.
    upload_secret: str
    name: str
    size: int
    user: str
    created: int
    title: str = ""
    alt_text: str = ""
    #: The syntax of a snippet; None for any other file.
    snippet_type: str | None = None
    content: bytes | None = None
    was_uploaded: bool = False
    was_completed: bool = False
    #: Where it was shared.
    channels: list[str] = field(default_factory=list[str])

    @property
    def mimetype(self) -> str:
        """Guessed from its name."""
        return mimetypes.guess_type(self.name)[0] or ("text/plain" if self.snippet_type else "application/octet-stream")

    @property
    def filetype(self) -> str:
        """What Slack calls its kind: the snippet's syntax or the name's ending."""
        return self.snippet_type or PurePosixPath(self.name).suffix.removeprefix(".").lower() or "binary"


class Files:
    """Every file of the workspace, by id."""

    def __init__(self, clock: Clock) -> None:
        """Dates come from the workspace's clock."""
        self._clock = clock
        self._by_id: dict[str, File] = {}
        self._by_secret: dict[str, File] = {}
        self._with_content: list[File] = []

    def announce(self, name: str, size: int, user: str, *, alt_text: str, snippet_type: str | None) -> File:
        """A file that will be uploaded; of a path as its name only the end counts."""
        name = name.replace("\\", "/").rpartition("/")[2] or "file"
        file = File(
            id="F0" + secrets.token_hex(5).upper()[:9],
            upload_secret=secrets.token_urlsafe(24),
            name=name,
            size=size,
            user=user,
            created=int(self._clock.now()),
            title=name,
            alt_text=alt_text,
            snippet_type=snippet_type,
        )
        self._by_id[file.id] = self._by_secret[file.upload_secret] = file
        return file

    def get(self, file_id: str) -> File | None:
        """The file with this id."""
        return self._by_id.get(file_id)

    def awaited(self, secret: str) -> File | None:
        """The file that this upload url is for; None if there is none, or it was uploaded already."""
        file = self._by_secret.get(secret)
        return None if file is None or file.was_uploaded else file

    def store(self, file: File, content: bytes) -> None:
        """Keep what was uploaded."""
        file.content, file.was_uploaded = content, True
        self._with_content.append(file)
        kept = sum(len(one.content or b"") for one in self._with_content)
        while kept > KEPT_BYTES and len(self._with_content) > 1:
            oldest = self._with_content.pop(0)
            kept -= len(oldest.content or b"")
            oldest.content = None

    def to_json(self, file: File, base_url: str, team_id: str, shared: Mapping[str, list[str]]) -> JsonObject:
        """The file object of messages and of the Web API (docs.slack.dev/reference/objects/file-object).

        `shared` holds the ids of the conversations in which it was shared, by their kind.
        """
        private = f"{base_url}/files-pri/{team_id}-{file.id}/{quote(file.name)}"
        described: JsonObject = {
            "id": file.id,
            "created": file.created,
            "timestamp": file.created,
            "name": file.name,
            "title": file.title,
            "mimetype": file.mimetype,
            "filetype": file.filetype,
            "pretty_type": file.filetype.upper(),
            "user": file.user,
            "user_team": team_id,
            "editable": file.snippet_type is not None,
            "size": file.size,
            "mode": "hosted" if file.snippet_type is None else "snippet",
            "is_external": False,
            "external_type": "",
            "is_public": bool(shared.get("public_channel")),
            "public_url_shared": False,
            "display_as_bot": False,
            "username": "",
            "url_private": private,
            "url_private_download": private + "?download=1",
            "permalink": f"{base_url}/files/{file.user}/{file.id}/{quote(file.name)}",
            "channels": shared.get("public_channel", []),
            "groups": shared.get("private_channel", []),
            "ims": shared.get("im", []),
            "comments_count": 0,
            "has_rich_preview": False,
            "file_access": "visible",
        }
        if file.alt_text:
            described["alt_txt"] = file.alt_text
        return described
