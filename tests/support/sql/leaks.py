"""What gives a secret of support.cards away, in answers of the protocol."""

import base64
from collections.abc import Iterator

from proxy.postgres.protocol import messages
from support.cards import SECRETS

#: Fragments of a secret this long are no accident.
_FRAGMENT = 5


def spellings(secret: str) -> Iterator[bytes]:
    """The secret as somebody would smuggle it out."""
    for text in (secret, secret[::-1]):
        raw = text.encode()
        yield from (raw, raw.lower(), raw.upper(), raw.hex().encode(), raw.hex().upper().encode())
        # Base64 of a text that holds it: three alignments, without the ends that its neighbours decide.
        for before in (b"", b"x", b"xx"):
            encoded = base64.b64encode(before + raw + b"x" * (-(len(before) + len(raw)) % 3))
            yield encoded[len(before) and 4 : -4]
        yield from (raw[start : start + _FRAGMENT] for start in range(len(raw) - _FRAGMENT + 1))
        yield from (b"".join(b"%c\0" % letter for letter in raw), ",".join(str(letter) for letter in raw).encode())


WANTED = {spelling for secret in SECRETS for spelling in spellings(secret)}


def given_away(answers: list[tuple[bytes, bytes]]) -> set[bytes]:
    """The spellings of secrets in any message, or in the columns of its rows read downwards."""
    found = {wanted for wanted in WANTED for _, payload in answers if wanted in payload}
    rows = [messages.read_data_row(payload) for tag, payload in answers if tag == b"D"]
    for number in range(max(map(len, rows), default=0)):
        column = b"".join(row[number] or b"" for row in rows if len(row) > number)
        found |= {wanted for wanted in WANTED if wanted in column or wanted in column[::-1]}
    return found
