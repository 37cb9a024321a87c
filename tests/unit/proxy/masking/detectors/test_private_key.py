"""Private keys, typed, and longer than what a stream holds back."""

import random
import re
import time
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.masking.detectors import private_key as module
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.masking.stream import StreamMasker


def test_a_key_that_is_typed_waits(typed: Callable[[bytes], bytes]) -> None:
    shown = typed(b"-----BEGIN RSA PRIVATE KEY-----\nMIIBsecret\n-----END RSA PRIVATE KEY-----\n")
    assert b"MIIB" not in shown
    assert shown.endswith(b"\n")


def stream(parts: Iterable[bytes], masker: Masker | None = None) -> bytes:
    masking = StreamMasker(masker or Masker(DEFAULT_RULES))
    return b"".join([*(masking.feed(part) for part in parts), masking.flush(final=True)])


def test_a_private_key_in_pieces() -> None:
    body = b"\n".join([b"MIIEpAIBAAKCAQEA" * 4] * 60)
    key = b"-----BEGIN RSA PRIVATE KEY-----\n" + body + b"\n-----END RSA PRIVATE KEY-----"
    data = b"cat key\n" + key + b"\n$ "
    for size in (1, 7, 64, 1000):
        assert stream(data[at : at + size] for at in range(0, len(data), size)) == b"cat key\n***\n$ "


@pytest.mark.parametrize(
    "key",
    [
        b"-----BEGIN \x1b(B\x1b[mRSA PRIVATE KEY-----\nSECRET\n-----END RSA PRIVATE KEY-----",
        b"-----BEGIN RSA PRIVATE KEY\x1b(B-----\nSECRET\n-----END RSA PRIVATE KEY-----",
        b"-----BEGIN\x00 RSA PRIVATE KEY-----\nSECRET\n-----END RSA PRIVATE KEY-----",
        b"-----BEGIN PRIVATE KEY-----\nMII\x1b[?25hSECRET\n-----END PRIVATE KEY-----",
        b"-----BEGIN PRIVATE KEY-----\nMII\x07\x1b7\x1b8SECRET\n-----END PRIVATE KEY-----",
        b"-----BEGIN PRIVATE KEY-----\nMII\x1b]8;;x\x07SECRET\x1b]8;;\x1b\\\n-----END \x1b(BPRIVATE KEY-----",
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_no_sequence_ends_a_key(key: bytes, size: int) -> None:
    masking = StreamMasker(Masker(DEFAULT_RULES))
    text = key + b"\nafter\n"
    shown = b"".join(masking.feed(text[at : at + size]) for at in range(0, len(text), size))
    assert shown + masking.flush(final=True) == b"***\nafter\n"


def everywhere(text: bytes, sequence: bytes) -> bytes:
    """A text with a sequence before each of its characters but the first."""
    return sequence.join(bytes([byte]) for byte in text)


BEGIN, END = b"-----BEGIN RSA PRIVATE KEY-----", b"-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    "key",
    [
        b"-----\x1b[mBEGIN RSA PRIVATE KEY-----\nMIIB\n" + END,
        b"-----BEGIN RSA PRI\x1b[1mVATE KEY--\x07---\nMIIB\n" + END,
        BEGIN + b"\nMIIB\n-----\x1b[mEND RSA PRIVATE KEY-----",
        everywhere(BEGIN + b"\nMIIB\n" + END, b"\x1b[1m"),
        everywhere(b"-----BEGIN PGP PRIVATE KEY BLOCK-----\nMIIB\n-----END PGP PRIVATE KEY BLOCK-----", b"\x1b(B"),
    ],
)
def test_a_sequence_anywhere_in_a_key_s_lines_changes_nothing(key: bytes) -> None:
    text = b"cat\n" + key + b"\nafter (x)\n"
    source = random.Random(key)
    cuts = [source.randrange(1, 30) for _ in range(len(text))]
    parts = [text[sum(cuts[:n]) : sum(cuts[: n + 1])] for n in range(len(cuts))]
    for fed in ([text], (bytes([byte]) for byte in text), parts):
        assert stream(fed) == Masker(DEFAULT_RULES).bytes(text) == b"cat\n***\nafter (x)\n"


#: As long as RSA of 16384 bits.
LONGEST = b"\n".join([b"MIIEpAIBAAKCAQEA" * 4] * 196)


@pytest.mark.parametrize("sequence", [b"", b"\x1b[1m", b"\x1b[38;2;255;255;255m\x1b[K"], ids=["plain", "SGR", "long"])
@pytest.mark.parametrize("size", [997, 1 << 20])
def test_the_longest_key_in_colour_is_masked_to_its_end(sequence: bytes, size: int) -> None:
    text = BEGIN + b"\n" + everywhere(LONGEST, sequence) + b"\n" + END + b"\nafter (x)\n"
    assert stream(text[at : at + size] for at in range(0, len(text), size)) == b"***\nafter (x)\n"
    assert Masker(DEFAULT_RULES).bytes(text) == b"***\nafter (x)\n"


@pytest.mark.parametrize("rest", [b"-----\x1b[", b"---\x1b[m--EN", b"-----END R\x1b[", b"--", b"\x1b"])
def test_what_is_left_at_the_end_is_the_same_in_pieces(rest: bytes) -> None:
    text = BEGIN + b"\nMIIB\n" + rest
    whole = Masker(DEFAULT_RULES).bytes(text)
    assert b"MIIB" not in whole
    for cut in range(len(text) + 1):
        assert stream([text[:cut], text[cut:]]) == whole


def test_prose_that_never_ends_is_shown_again() -> None:
    text = BEGIN + b"\n" + b"ab " * 70_000
    whole = Masker(DEFAULT_RULES).bytes(text)
    assert len(whole) == len(b"***") + 210_000 + 1 - 65536
    for size in (997, 30_000):
        assert stream(text[at : at + size] for at in range(0, len(text), size)) == whole


def test_letters_of_a_key_that_never_end_are_not() -> None:
    text = BEGIN + b"\n" + b"aB3d" * 50_000 + b" and (more)"
    for cut in ([text], [text[at : at + 30_000] for at in range(0, len(text), 30_000)]):
        assert stream(cut) == Masker(DEFAULT_RULES).bytes(text) == b"***" * 4 + b"(more)"


#: What terminals show nothing of.
UNSEEN = [
    *(
        "\x1bH",
        "\x1bM",
        "\x1bc",
        "\x1b3",
        "\x1b~",
        "\x1b\x1b[m",
        "\x1b[\x1b[m",
        "\x1b[1\x18",
        "\x1b[\x02m",
        "\x1b(\x00B",
    ),
    *("\x1bPq\x1b\\", "\x1b_x\x1b\\", "\x1bXx\x1b\\", "\x1bkx\x1b\\", "\x1b]0;x\x18", "\x1b]0;(\x07", "\x1b[\n?25h"),
    *("\x9bm", "\x9b1;2m", "\x9d0;x\x07", "\x90q\x9c", "\x80", "\x85", "\u200b", "\xad", "\u2060", "\ufeff", "\u0301"),
    *("\ufe0f", "\u3164", "\xa0", "\x1c", "\x1e", "\x1f", "\x1b\x80[m", " \r"),
]
#: And of these more or less, by their kind.
DISPUTED = ["\x1b[\u00e9", "\x1b\u00e9", "\x1b]R", "\x1b]P0ffffff", "\x1b]0;x\x9c", "\x1bk"]


def cut_up(text: bytes) -> list[list[bytes]]:
    return [[text], *([text[at : at + size] for at in range(0, len(text), size)] for size in (1, 2, 3, 7))]


@pytest.mark.parametrize("unseen", UNSEEN, ids=repr)
@pytest.mark.parametrize("where", ["BEGIN", "body", "END"])
def test_what_is_not_seen_ends_no_key(unseen: str, where: str) -> None:
    parts = {"BEGIN": BEGIN, "body": b"\nMIIB\nSECRET\n", "END": END}
    parts[where] = everywhere(parts[where], unseen.encode())
    text = b"cat\n" + b"".join(parts.values()) + b"\nafter (x)\n"
    for cut in cut_up(text):
        assert stream(cut) == Masker(DEFAULT_RULES).bytes(text) == b"cat\n***\nafter (x)\n"


@pytest.mark.parametrize("unseen", DISPUTED, ids=repr)
@pytest.mark.parametrize("where", ["BEGIN", "body"])
def test_a_key_is_hidden_in_every_reading(unseen: str, where: str) -> None:
    parts = {"BEGIN": BEGIN, "body": b"\nMIIB\nSECRET\n"}
    parts[where] = everywhere(parts[where], unseen.encode())
    text = b"".join(parts.values()) + END + b"\n"
    for cut in cut_up(text):
        shown = stream(cut)
        assert shown == Masker(DEFAULT_RULES).bytes(text)
        assert shown.replace(unseen.encode(), b"").strip(b"\n") == b"***"


def test_a_string_hides_what_follows_it_in_no_terminal_for_ever() -> None:
    """One of more than 4,096 characters is given up, wherever it is cut."""
    text = BEGIN + b"\nMIIB\x1b]0;" + b"x" * 5000 + b"(SHOWN)\x07\n"
    for cut in cut_up(text):
        assert stream(cut) == b"***(SHOWN)\x07\n"


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param(b"\n\x1b/-----END RSA PRIVATE KEY-----SECRET\n" + END + b"\n(", id="END begins in a sequence"),
        pytest.param(b"\n\x1b[-----END RSA PRIVATE KEY-----SECRET\n" + END + b"\n(", id="END in another"),
        pytest.param(b"\nMIIB_\x1b]0;" + BEGIN + b"SECRET", id="a key behind what was begun"),
        pytest.param(b"\n-\x1b]0;" + BEGIN + b"SECRET\n", id="a key in what was begun"),
        pytest.param(END[5:] + b"\nSECRET\n" + END + b"(\n", id="no END line with the dashes of BEGIN"),
        pytest.param(b"\nMIIB\n" + END + BEGIN[5:] + b"SECRET\n(", id="BEGIN with the dashes of END"),
        pytest.param(b"\n" + BEGIN[:-5] + END + b"\n(", id="END with the dashes of BEGIN"),
        pytest.param(b"\nMIIB\n-----\xff(\x80\xe2\x80)", id="broken bytes that were begun"),
        pytest.param(b"\nMIIB\n--\xe2\x80", id="broken bytes at the end"),
    ],
)
def test_all_cuts_show_the_same_and_no_key(rest: bytes) -> None:
    text = b"cat\n" + BEGIN + rest
    whole = Masker(DEFAULT_RULES).bytes(text)
    assert b"SECRET" not in whole
    for cut in range(len(text) + 1):
        assert stream([text[:cut], text[cut:]]) == whole
    for parts in cut_up(text):
        assert stream(parts) == whole


def test_a_second_key_that_shares_dashes_is_dropped_to_its_end() -> None:
    text = BEGIN + b"\nMIIB\n" + END + BEGIN[5:] + LONGEST + b"\n" + END + b"\n(x)\n"
    for size in (997, 8192, len(text)):
        assert stream(text[at : at + size] for at in range(0, len(text), size)) == b"***\n(x)\n"


def test_bytes_behind_a_key_are_as_they_were() -> None:
    for cut in cut_up(BEGIN + b"\nMIIB\n-----END \xff\x80(\xe2\x80)\n"):
        assert stream(cut) == b"***-----END \xff\x80(\xe2\x80)\n"


@pytest.mark.parametrize("unit", ["-\x1b", "-\x1b[", "\x1bk-----BEGIN "])
def test_many_beginnings_cost_what_they_weigh(unit: str) -> None:
    """In the square of their number 64 KB took minutes, in which no other thread ran."""
    masker = Masker(DEFAULT_RULES)

    def cost(count: int) -> float:
        before = time.thread_time()
        masker.bytes(b"-----BEGIN " + unit.encode() * (count // len(unit)))
        return time.thread_time() - before

    assert cost(64_000) < 8 * min(cost(16_000) for _ in range(3))


class Counted:
    """A pattern, and how often it was asked."""

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self.asked = 0
        self._pattern = pattern

    def match(self, data: bytes, at: int) -> re.Match[bytes] | None:
        self.asked += 1
        return self._pattern.match(data, at)


@pytest.mark.parametrize("unit", [b"-----BEGIN\x1b]x", b"\x1b]-----BEGIN \x07" * 16 + b"A", b"\x1b]-\x07"])
def test_sequences_behind_many_beginnings_are_read_once(unit: bytes) -> None:
    """Behind each beginning again they took a second for each megabyte, and nothing else ran meanwhile."""
    data = unit * (20_000 // len(unit)) + b" PUBLIC KEY-----"
    lines = module._BeginLines(data)
    counted = [Counted(reading._unseen) for reading in lines._readings]
    for reading, each in zip(lines._readings, counted, strict=True):
        setattr(reading, "_unseen", each)  # noqa: B010
    assert lines.behind(0) is None
    assert all(0 < each.asked < 4 * data.count(b"\x1b") for each in counted)


@given(
    st.sampled_from(["RSA ", "", "A" * 30, "A" * 31, "PRIVATE KEY"]),
    st.lists(
        st.tuples(
            st.integers(0, 60),
            st.lists(
                st.sampled_from(
                    [
                        b"\x1b",
                        b"\x1b[",
                        b"\x1b]",
                        b"\x1bP",
                        b"\x1bk",
                        b"\x07",
                        b"\x18",
                        b"\x1b[0m",
                        b"\x00",
                        b" \r",
                        b" ",
                        b"\xc2\x9b",
                        b"\xc2\x9d",
                        b"\xc2\x9c",
                        b"\xc3\xa9",
                        b"\xff",
                        b"m",
                        b"R",
                        b"\x1f",
                        b"-",
                        b"\x1b(B",
                        b"\x1b\\",
                        b"\x1b[m" * 17,
                        b"\x1b]P0123456",
                        b"-----BEGIN ",
                    ]
                ),
                max_size=4,
            ).map(b"".join),
        ),
        max_size=4,
    ),
)
def test_a_line_begins_where_one_pattern_says_so(armour: str, between: list[tuple[int, bytes]]) -> None:
    data = f"-----BEGIN {armour}PRIVATE KEY-----".encode()
    for at, unseen in between:
        data = data[:at] + unseen + data[at:]
    said = module._begin.compiled.search(data)
    assert module._BeginLines(data).behind(0) == (said and said.span())


@pytest.mark.parametrize(
    "header",
    [
        b"Version: GnuPG v2.0.22 (GNU/Linux)",
        b"Version: GnuPG v1",
        b"Comment: GPGTools - https://gpgtools.org",
        b"Comment: Alice's key <alice>",
    ],
)
def test_a_header_ends_no_key(header: bytes) -> None:
    """RFC 9580, 6.2.1: any UTF-8 text may stand in an armour's headers."""
    name = b"PGP PRIVATE KEY BLOCK"
    body = b"lQOYBGSECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRETSECR"
    text = b"-----BEGIN %b-----\n%b\n\n%b\n%b\nSECRET==\n=aB3d\n-----END %b-----\n" % (name, header, body, body, name)
    for cut in cut_up(text):
        out = stream(cut)
        assert b"SECR" not in out
        assert out.startswith(b"***")
        assert out.endswith(b"***\n")


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        pytest.param("/root/.ssh/id_rsa:", "", id="grep -r"),
        pytest.param("", "$", id="cat -A"),
        pytest.param("< ", "", id="diff"),
        pytest.param("> ", "", id="diff and mail"),
        pytest.param("web-1  | ", "", id="docker compose logs"),
        pytest.param("\x1b[36mweb-1  | \x1b[0m", "", id="docker compose logs in colour"),
        pytest.param("Nov 30 18:16:16 web-1 app[123]: ", "", id="journalctl"),
        pytest.param('{"log":"', '\\n","stream":"stdout"}', id="docker's log file"),
        pytest.param("[pod/web-1/app] ", "", id="kubectl logs --prefix"),
        pytest.param("# ", "", id="commented out"),
        pytest.param(" ", " +| x", id="psql's columns"),
        pytest.param('        "', '",', id="ansible's stdout_lines"),
    ],
)
def test_no_tool_s_signs_end_a_key(before: str, behind: str) -> None:
    lines = [BEGIN.decode(), *["MIIEpAIBAAKCAQEASECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRET"] * 3, END.decode()]
    lines.insert(-1, "SECRETSECRETSECRET==")
    path = "/var/lib/postgresql/data/anybody/may/read/it"
    text = "".join(f"{before}{line}{behind}\n" for line in ["first", *lines, path]).encode()
    whole = Masker(DEFAULT_RULES).bytes(text)
    assert b"SECRET" not in whole
    assert whole.startswith(f"{before}first{behind}\n".encode())
    assert whole.endswith(f"{before}{path}{behind}\n".encode())
    for cut in cut_up(text):
        assert stream(cut) == whole
    masker = Masker(DEFAULT_RULES)
    masker.bytes(text)
    assert masker.counts == {"private_key": 1}


def test_signs_that_are_shown_before_a_key_goes_on_show_none_of_it() -> None:
    """A prompt must not wait for what follows it; the next line of a key may, all the same."""
    masker = StreamMasker(Masker(DEFAULT_RULES))
    line = b"MIIEpAIBAAKCAQEASECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRET"
    shown = masker.feed(BEGIN + b"\n") + masker.flush()
    shown += masker.feed(b"web-1 | ") + masker.flush()
    assert shown.endswith(b"| ")
    for piece in (line[:30], line[30:] + b"\nweb-1 | ", line, b"\nweb-1 | ", line[:10]):
        shown += masker.feed(piece) + masker.flush()
    shown += masker.feed(line[10:] + b"\n") + masker.flush(final=True)
    assert b"SECRET" not in shown
    assert shown == b"***| ***| ***| MIIEpAIBAA***"


def test_what_stands_far_behind_a_key_is_none_of_it() -> None:
    path = b"/var/lib/postgresql/data/anybody/may/read/it"
    for signs, is_shown in ((400, False), (600, True)):
        text = BEGIN + b"\n(" + b"a.b" * (signs // 3) + b") " + path + b"\n"
        for cut in cut_up(text):
            assert stream(cut) == Masker(DEFAULT_RULES).bytes(text)
        assert (path in Masker(DEFAULT_RULES).bytes(text)) is is_shown


def test_another_key_and_another_cell_are_read_by_themselves() -> None:
    line = b"MIIEpAIBAAKCAQEASECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRET"
    text = BEGIN + b"\n(" + BEGIN + b"\n" + line + b"\n" + END + b"\n" + line
    for cut in cut_up(text):
        assert stream(cut) == Masker(DEFAULT_RULES).bytes(text) == b"***(***\n" + line
    assert Masker(DEFAULT_RULES).cells([BEGIN + b"(", line]) == [b"***(", line]


_PIECES = [
    *(
        BEGIN,
        END,
        b"\n",
        b" | ",
        b"(",
        "é".encode(),
        b"\x1b[31m",
        b"\x1b]0;x\x07",
        b"-",
        b"-----",
        b"$ ",
        b"==",
        b"%2B",
    ),
    *(b"MIIEpAIBAAKCAQEA" * 3, b"MIIEpAIB", b"aB3d==", b"ls -l /usr/bin", b"x" * 300, b"4111 1111 1111 1111"),
]


def test_whatever_stands_around_a_key_the_cuts_make_no_difference() -> None:
    random_ = random.Random(11)
    for _ in range(400):
        text = b"".join(random_.choice(_PIECES) for _ in range(random_.randint(2, 24)))
        whole = Masker(DEFAULT_RULES).bytes(text)
        cuts = sorted(random_.randint(0, len(text)) for _ in range(random_.randint(1, 12)))
        pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        assert stream(pieces) == whole, (text, cuts)
