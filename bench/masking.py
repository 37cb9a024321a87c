"""How fast the masking engine is: `python -m bench.masking`. Figures are printed, none is a threshold.

Each is the median of five runs, in processor time, so that a busy machine disturbs little. `--random N` also looks for
false hits in N megabytes of random bytes.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable

from proxy.masking.cards.brands import is_pan
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.masking.stream import StreamMasker

RUNS = 5
CHUNK = 64 * 1024
STREAM_BYTES = 16 << 20
ROWS = 1000

LOG = b"Jan 12 10:33:21 host sshd[1234]: Accepted publickey for root from 10.0.0.1 port 51234 ssh2: ordinary words\n"
LISTING = b"\x1b[32m-rw-r--r--\x1b[0m 1 root root \x1b[1m4096\x1b[0m Nov 12 2024 file-2024-11-12.log 52.34.120.11\r\n"


def median_s(work: Callable[[], object]) -> float:
    times: list[float] = []
    for _ in range(RUNS):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return statistics.median(times)


def repeated(line: bytes) -> bytes:
    return line * (STREAM_BYTES // len(line))


def cards(count: int) -> list[str]:
    source = random.Random(1)
    found: list[str] = []
    while len(found) < count:
        number = "4" + "".join(source.choices("0123456789", k=15))
        if is_pan(number.encode()):
            found.append(number)
    return found


def stream(data: bytes) -> None:
    masking = StreamMasker(Masker(DEFAULT_RULES))
    for at in range(0, len(data), CHUNK):
        masking.feed(data[at : at + CHUNK])
    masking.flush(final=True)


def streams() -> None:
    numbers = cards(ROWS)
    csv = b"".join(b"%d,%s,user%d@example.com,Some Name\n" % (n, card.encode(), n) for n, card in enumerate(numbers))
    source = random.Random(2)
    table = b"".join(b"%d %d %d %d\n" % tuple(source.randrange(10**6) for _ in range(4)) for _ in range(20_000))
    kinds = {
        "text without hits": repeated(LOG),
        "coloured listing without hits": repeated(LISTING),
        "random bytes": random.Random(3).randbytes(STREAM_BYTES),
        "one e-mail and one card every 4 KiB": repeated(LOG * 39 + csv.splitlines(keepends=True)[0]),
        "rows of small numbers": repeated(table)[: 2 << 20],
        "a card and an e-mail in every line": repeated(csv)[: 2 << 20],
    }
    for name, data in kinds.items():
        print(f"stream, {name:38} {len(data) / 1e6 / median_s(lambda data=data: stream(data)):8.1f} MB/s")


def keystrokes() -> None:
    masking = StreamMasker(Masker(DEFAULT_RULES))

    def type_one() -> None:
        for _ in range(1000):
            masking.feed(b"x")
            masking.flush()
            masking.feed(b" ")

    print(f"keystroke: feed, flush, feed                   {median_s(type_one) * 1e3:8.1f} us")


def cells() -> None:
    hits: list[bytes | None] = []
    for n, card in enumerate(cards(ROWS)):
        hits += [card.encode(), b"customer%d@example.com" % n]
    spaced = [b" ".join([cell[:4], cell[4:]]) if cell and cell.isdigit() else cell for cell in hits]
    for name, row in {
        "a card and an e-mail": hits,
        "a card in two groups and an e-mail": spaced,
        "two words": [b"some customer", b"hello world"] * ROWS,
    }.items():
        print(f"row with {name:37} {median_s(lambda row=row: Masker(DEFAULT_RULES).cells(row)) * 1e6 / ROWS:8.2f} us")


def false_hits(megabytes: int) -> None:
    masker = Masker(DEFAULT_RULES)
    masking = StreamMasker(masker)
    for _ in range(megabytes):
        masking.feed(os.urandom(1 << 20))
    masking.flush(final=True)
    print(f"false hits in {megabytes} MiB of random bytes: {masker.counts}")


if __name__ == "__main__":
    streams()
    keystrokes()
    cells()
    if sys.argv[1:2] == ["--random"]:
        false_hits(int(sys.argv[2]))
