"""JSON, or other bytes, from a provider: bounded in time and size, from the address that was asked and no other."""

import json
from collections.abc import Mapping
from typing import Any, Final

import aiohttp

TIMEOUT_S: Final = 5.0
MAX_BYTES: Final = 256 * 1024
_OK: Final = 200
#: RFC 6749, 5.2: an error has 400, and 401 where the client was not recognised.
_REFUSED: Final = frozenset({400, 401})


class ProviderSilent(Exception):
    """The provider did not answer, or with what cannot be read; the message is the end of a sentence about it."""


class ProviderRefused(Exception):
    """It answered with an error of OAuth's (RFC 6749 section 5.2); the message is the end of a sentence about it."""

    def __init__(self, error: str) -> None:
        super().__init__(f'refused with "{error}"')
        self.error = error


async def get_json(session: aiohttp.ClientSession, address: str) -> object:
    """What stands there. Raises ProviderSilent."""
    status, document = await _answer(session, "GET", address, {})
    if status != _OK:
        raise ProviderSilent(f"answered with status {status}")
    return document


async def get_bytes(session: aiohttp.ClientSession, address: str, *, accept: str, most: int) -> bytes:
    """What stands there, at most `most` bytes of it. Raises ProviderSilent."""
    status, body = await _body(session, "GET", address, {"Accept": accept}, most=most)
    if status != _OK:
        raise ProviderSilent(f"answered with status {status}")
    return body


async def post_form(
    session: aiohttp.ClientSession, address: str, form: Mapping[str, str], authorization: str | None = None
) -> object:
    """What is answered to a form. Raises ProviderSilent, ProviderRefused."""
    headers = {} if authorization is None else {"Authorization": authorization}
    status, document = await _answer(session, "POST", address, headers, data=form)
    error = document.get("error") if isinstance(document, dict) else None
    if status in _REFUSED and isinstance(error, str) and error.isascii() and error.isprintable():
        raise ProviderRefused(error[:100])
    if status != _OK:
        raise ProviderSilent(f"answered with status {status}")
    return document


async def _answer(
    session: aiohttp.ClientSession, method: str, address: str, headers: Mapping[str, str], **more: Any
) -> tuple[int, object]:
    """Its status, and the JSON in it: nothing for a body that is empty or no JSON of a refusal's."""
    status, body = await _body(session, method, address, {"Accept": "application/json", **headers}, **more)
    try:
        return status, json.loads(body)
    except (ValueError, RecursionError) as error:
        if status != _OK:
            return status, None
        raise ProviderSilent("answered with something that is no JSON") from error


async def _body(
    session: aiohttp.ClientSession,
    method: str,
    address: str,
    headers: Mapping[str, str],
    *,
    most: int = MAX_BYTES,
    **more: Any,
) -> tuple[int, bytes]:
    try:
        async with session.request(
            method,
            address,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            allow_redirects=False,
            **more,
        ) as response:
            body = bytearray()
            async for piece in response.content.iter_chunked(64 * 1024):
                body += piece
                if len(body) > most:
                    raise ProviderSilent(f"answered with more than {most // 1024} KiB")
            return response.status, bytes(body)
    except TimeoutError as error:
        raise ProviderSilent(f"did not answer within {TIMEOUT_S:g} s") from error
    except (aiohttp.ClientError, ValueError) as error:
        raise ProviderSilent(f"cannot be reached ({type(error).__name__})") from error
