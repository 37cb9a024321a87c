"""What both ends of a SPDY/3 connection compress headers with: words that headers often have. Pure.

SPDY Protocol, Draft 3.1, 2.6.10.1 "Compression" (https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/):
names behind their lengths as in a header block, and text without any. Its Adler-32 stands in every stream's beginning.
"""

import struct
from typing import Final

_NAMES: Final = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow "
    "authorization cache-control connection content-base content-encoding content-language content-length "
    "content-location content-md5 content-range content-type date etag expect expires from host if-match "
    "if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma "
    "proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade "
    "user-agent vary via warning www-authenticate method get status"
)
_MORE_NAMES: Final = "version HTTP/1.1 url public set-cookie keep-alive origin"
_TEXT: Final = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized"
    "403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,"
    "text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)


def _with_length(word: str) -> bytes:
    return struct.pack(">I", len(word)) + word.encode()


#: The dictionary's bytes.
DICTIONARY: Final = b"".join(map(_with_length, [*_NAMES.split(), "200 OK", *_MORE_NAMES.split()])) + _TEXT.encode()
