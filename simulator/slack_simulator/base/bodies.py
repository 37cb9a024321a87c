"""The bodies of HTTP requests: as JSON or as a form, in the character sets that Slack takes.

Raises exceptions named for what is wrong, and no others; who answers puts them into words of its own.
"""

from aiohttp import web

from slack_simulator.base.json_types import read_json

#: docs.slack.dev/reference/methods, invalid_charset: "Valid charset names are: utf-8 iso-8859-1".
CHARSETS = {"utf-8", "iso-8859-1"}
FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}


class UnknownCharset(ValueError):
    """The Content-Type names a character set that Slack does not take."""


class NotAForm(ValueError):
    """The body is not the form that its Content-Type promises."""


async def json_of(request: web.Request) -> object:
    """The JSON value in the body; {} for an empty one. Raises UnknownCharset and NotJson."""
    charset = _charset(request)
    body = await request.read()
    if not body.strip():
        return {}
    return read_json(body if charset == "utf-8" else body.decode(charset))


async def form_of(request: web.Request) -> dict[str, str]:
    """The texts in the body's form; files are left out. Raises UnknownCharset, NotAForm."""
    _charset(request)
    try:
        form = await request.post()
    except (ValueError, LookupError) as problem:
        raise NotAForm(str(problem)) from problem
    texts = {name: one for name, one in form.items() if isinstance(one, str)}
    if not all(is_text(part) for pair in texts.items() for part in pair):
        raise NotAForm("not all of it is text")
    return texts


def is_text(value: str) -> bool:
    """Whether it is Unicode: bytes that are none come out of HTTP headers and paths as lone surrogates."""
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def _charset(request: web.Request) -> str:
    charset = (request.charset or "utf-8").lower()
    if charset not in CHARSETS:
        raise UnknownCharset(charset)
    return charset
