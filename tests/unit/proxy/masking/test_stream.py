# ruff: noqa: RUF001 - full-width digits are what these tests are about
"""A stream in pieces is masked as if it had come in one, whatever the pieces and whenever it is flushed."""

import random
from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from access.policy.entities import Entity
from proxy.masking.rules import DEFAULT_RULES, Masker, MaskingRule
from proxy.masking.stream import MAX_HELD, StreamMasker

PAN = b"4111111111111111"
FIRST_SHOWN = 6


SECRETS = [
    "4111111111111111",
    "5555-5555-5555-4444",
    "3782 822463 10005",
    "6011 1111 1111 1117",
    "\uff12223 \uff10\uff10\uff13\uff11 2200 3222",
    "\x1b[31m4111\x1b[0m1111 1111 1111",
    "41x\b11 1111\u200b1111-1111",
    "6799990100000000019",
    "4.111111111111111e+15",
    "0.4111111111111111",
    "alice@example.com",
    "a@b.co",
    "al\x1b[1mice@exam\x1b[0mple.com",
    "cvv: 123",
    '"cvc" : "1234"',
    "security code 123",
    "postgres://app:s3cret@db.internal/payments",
    "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "ghp_" + "a1B2" * 9,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIB\nAA==\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----",
    "a4111111-1111-4111-8111-111111111111",
    "4111111111111111aaaaaaaaaaaaaaaaaaaaaaaa",
]
CARDS = [
    *SECRETS[:9],
    "004111111111111111",
    "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    "4111%201111%201111%201111",
    "41111111-11111111",
]
CARDS.remove("41x\b11 1111\u200b1111-1111")
BETWEEN = [" ", "\n", "\t", ",", ":", '"', " 17 ", "word", "é", "漢字", "\x1b[0m", "(", "x=", " id ", "| "]
FILLER = [
    *(" ", "\n", "\t", "-", ".", ",", ":", '"', "@", "://", "0", "4", "17 ", "e+15", "\x1b[0m", "\x1b", "\r", "\b"),
    *("word", "é", "漢字", "\u200b", "\x00", "\x1f", "-----", "/", "=", "cvv", "card "),
]

texts = st.lists(st.sampled_from(SECRETS) | st.sampled_from(FILLER) | st.text(max_size=4), max_size=10).map(
    lambda parts: "".join(parts).encode("utf-8", "surrogatepass")
)
cuts = st.lists(st.integers(0, 400), max_size=30)


def pieces(data: bytes, at: list[int]) -> list[bytes]:
    borders = sorted({min(cut, len(data)) for cut in at} | {0, len(data)})
    return [data[first:past] for first, past in pairwise(borders)]


def stream(parts: Iterable[bytes], masker: Masker | None = None, *, flushed: bool = False) -> bytes:
    """What comes out of the parts; `flushed`: with a flush after each."""
    masking = StreamMasker(masker or Masker(DEFAULT_RULES))
    out = [masking.feed(part) + (masking.flush() if flushed else b"") for part in parts]
    return b"".join([*out, masking.flush(final=True)])


# --- without a flush ---------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None, derandomize=True)
@given(texts, cuts)
def test_any_split_gives_the_same_bytes_and_counts(data: bytes, at: list[int]) -> None:
    whole, split = Masker(DEFAULT_RULES), Masker(DEFAULT_RULES)
    assert stream(pieces(data, at), split) == whole.bytes(data)
    assert split.counts == whole.counts


#: What a terminal shows nothing of, of whichever kind; what ends one of them belongs to it.
UNSEEN = [
    *("\x1b[31\x18", "\x1b[\x1a", "\x1b\x18", "\x1b]0;9\x18", "\x1bP9\x1a"),
    *("\x1b\x1b[3m", "\x1b[3\x1b[3m", "\x1b]0;9\x1b[m", "\x1bP9\x1b[m", "\x1b(\x1b[m", "\x1b]0;x\u009b1m"),
    *("\x1b[\x073m", "\x1b\x07[3m", "\x1b[3\x00 m", "\x1b[ 3m", "\x1b=", "\x1b#8"),
    *("\u0084", "\u0088", "\u008a", "\u0097", "\u009c"),
    *("\u009d0;x\x07", "\u009d0;9\u009c", "\u0090q9\u009c", "\u009f9\x1b\\", "\u0098x\u009c", "\u009ex\u009c"),
    *("\u009b3m", "\u009b3\x18", "\u009b3\x1b[m", "\x1bP9\u009c"),
    *("\u2065", "\u200b", "\ufe0f", "\ufeff", "\u00ad"),
]
#: Blank between digits; a word that has it in it is two.
BLANKS = ["\u2800", "\u3164", "\uffa0", "\u115f", "\u1160", "\U000e0000", "\ufff0"]


@pytest.mark.parametrize("unseen", UNSEEN + BLANKS)
def test_a_card_number_with_anything_unseen_in_it_is_masked(unseen: str) -> None:
    data = f"411{unseen}111111{unseen}1{unseen}{unseen}111111\n".encode()
    whole = Masker(DEFAULT_RULES).bytes(data)
    assert whole.count(b"*") == 12
    for cut in range(len(data) + 1):
        assert stream([data[:cut], data[cut:]]) == whole
    assert stream((bytes([byte]) for byte in data), flushed=True).count(b"*") == 16 - FIRST_SHOWN - 4


@pytest.mark.parametrize("unseen", UNSEEN)
def test_an_address_with_anything_unseen_in_it_is_masked(unseen: str) -> None:
    data = f"to ali{unseen}ce@exa{unseen}mple.com\n".encode()
    whole = Masker(DEFAULT_RULES).bytes(data)
    assert whole == f"to a***@***{unseen}{unseen}\n".encode()
    for cut in range(len(data) + 1):
        assert stream([data[:cut], data[cut:]]) == whole


@pytest.mark.parametrize("text", ["\x1bP alice@example.com\x1b\\", "\u009dalice@example.com\x07"])
def test_an_address_in_a_string_that_some_terminals_show_is_masked(text: str) -> None:
    assert Masker(DEFAULT_RULES).text(text) == text.replace("alice@example.com", "a***@***")


ARMOURED = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\nAA==\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    "text",
    [
        "3782 822463 100050.4111111111111111card ",
        "3782 822463 100050.4111111111111111--3782 822463 100054.111111111111111e+15",
        "4111111111111111 4.111111111111111e+15 4.111111111111111e+15",
        "6011 1111 1111 11174.111111111111111e+15\uff12223 \uff10\uff1031 2200 3222,",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY ",
        f'{ARMOURED} \x1b[0mAKIAIOSFODNN7EXAMPLE"0\x1b[0m4111111111111111',
        f"{ARMOURED} {ARMOURED}alice@example.com",
        f"{ARMOURED}{ARMOURED}\x1b",
        "-----BEGIN PRIVATE KEY-----\n\x1b",
        "\x1balice@example.com al\x1b[1mice@exam\x1b[0mple.com",
        "3782 822463 10005\b4.111111111111111e+15postgres://app:s3cret@db/p3782 822463 100054.111111111111111e+15",
        "a@b.co-----BEGIN PRIVATE KEY-----4111111111111111  \x1b[31m4111\x1b[0m1111 1111 1111",
        f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl{ARMOURED}",
        "postgres://app:s3cret@db.internal/payments03782 822463 10005,3782 822463 10005,",
        "b(ob@eGe.com\x1b[a\u0431id 4111 \x1b[1m1111",
    ],
)
def test_splits_that_once_went_wrong(text: str) -> None:
    data = text.encode()
    whole = Masker(DEFAULT_RULES).bytes(data)
    assert stream(bytes([byte]) for byte in data) == whole
    for cut in range(len(data) + 1):
        assert stream([data[:cut], data[cut:]]) == whole


@pytest.mark.parametrize(
    "data",
    [
        b"cv-----BE\x85GIN PRIVATE KEY-----\n",
        b"pab2GciO---\x01\x00--BEGIN PRI\x00\x00VATE KEY-----\x9f\x9fd\x004111 1",
        b"4111-----BEGIN PRIVATE KEY-----\xdf\xce\xce111 321ab  npss\xff\xff\x1fple.c:321  bob@\xcf\xce\xdf",
        b"1-----BEGIN PRIVATE KEY-----\xc3\xa9 MIIE\xc3 \xf0\x9f\x98\x80 x",
        b"1-----BEGIN PRIVATE KEY-----111 cvv: 123 bob cvv# 123 bob@ex\xa4",
        b"-----BEGIN PRIVATE KEY-----paid \n\n4111 cvmp@e.com\n",
        b"PR-----BEGIN PRIVATE KEY-----VATE passw4111 1\x1e111 1111 1111o.d=",
    ],
)
def test_splits_of_broken_bytes_that_once_went_wrong(data: bytes) -> None:
    whole = Masker(DEFAULT_RULES).bytes(data)
    assert stream(bytes([byte]) for byte in data) == whole
    for first in range(len(data) + 1):
        for second in range(first, len(data) + 1):
            assert stream([data[:first], data[first:second], data[second:]]) == whole


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=300), cuts)
def test_any_split_of_any_bytes(data: bytes, at: list[int]) -> None:
    assert stream(pieces(data, at)) == Masker(DEFAULT_RULES).bytes(data)


def test_every_corpus_line_byte_by_byte(
    corpus: list[dict[str, str]], masker_for: Callable[[dict[str, str]], Masker]
) -> None:
    for case in corpus:
        data = case["text"].encode()
        assert stream((data[at : at + 1] for at in range(len(data))), masker_for(case)) == case["masked"].encode(), (
            case["name"]
        )


def test_pans_at_every_chunk_border(make_pan: Callable[[random.Random], str]) -> None:
    source = random.Random(3)
    lines = "".join(f"{n};{make_pan(source)};{'x' * source.randrange(40)}\n" for n in range(3000)).encode()
    masker = Masker(DEFAULT_RULES)
    out = stream([lines[at : at + 512] for at in range(0, len(lines), 512)], masker)
    assert out == Masker(DEFAULT_RULES).bytes(lines)
    assert masker.counts == {"pan": 3000}


# --- with flushes ------------------------------------------------------------------------------------------------


def survivors(case: dict[str, str], shown: str) -> int:
    """How many of the characters that should be stars are not; a card's masked form is as long as the card."""
    trio = zip(case["text"], case["masked"], shown, strict=True)
    return sum(star == "*" != out == clear for clear, star, out in trio)


def cut_up(data: bytes, source: random.Random) -> list[bytes]:
    return pieces(data, [source.randrange(len(data)) for _ in range(source.randrange(1, len(data)))])


def test_at_most_the_first_six_digits_slip_through_flushes(hit: dict[str, str]) -> None:
    if hit["entity"] != "pan":
        return
    source = random.Random(hit["name"])
    data = hit["text"].encode()
    for _ in range(60):
        # The first bytes of a character may be out before its digit is hidden: they are no character.
        shown = stream(cut_up(data, source), flushed=True).decode(errors="ignore")
        # Where a text overwrites its digits, the copies are shown too.
        assert survivors(hit, shown) <= FIRST_SHOWN * (3 if "\b" in shown else 2 if "two" in hit["name"] else 1)


def test_many_cards_with_flushes_anywhere() -> None:
    """Where two cards stand so close that the end of one may begin the other, the last four of each may be shown."""
    source = random.Random(5)
    only_cards = [MaskingRule("cards", Entity.PAN)]
    for _ in range(400):
        parts = [source.choice(CARDS) + source.choice(BETWEEN) for _ in range(source.randrange(1, 4))]
        data = "".join(parts).encode()
        masking = StreamMasker(Masker(only_cards))
        out = b""
        for part in cut_up(data, source):
            out += masking.feed(part)
            out += masking.flush() if source.random() < 0.7 else b""
        shown = (out + masking.flush(final=True)).decode(errors="ignore")
        assert len(shown) == len(data.decode())
        for edit in Masker(only_cards).edits(data):
            begin, end = len(data[: edit.start].decode()), len(data[: edit.end].decode())
            case = {"text": data.decode()[begin:end], "masked": edit.replacement.decode()}
            assert survivors(case, shown[begin:end]) <= FIRST_SHOWN + 4, (data, shown)


def test_verification_codes_wait_through_flushes(hit: dict[str, str]) -> None:
    if hit["entity"] != "cvv":
        return
    source = random.Random(hit["name"])
    behind = hit["masked"].rpartition("***")[2]
    for _ in range(30):
        shown = stream(cut_up(hit["text"].encode(), source), flushed=True).decode(errors="ignore")
        assert shown.endswith("***" + behind)
        # Of a card number before it the first digits may be out.
        assert shown == hit["masked"] or "1111" in hit["masked"] or "0005" in hit["masked"]


def test_what_is_no_hit_survives_flushes(miss: dict[str, str]) -> None:
    """Unless some first part of it is a hit: a flush cannot know that a card number will turn out longer."""
    source = random.Random(miss["name"])
    data = miss["text"].encode()
    for parts in [cut_up(data, source) for _ in range(20) if len(data) > 1]:
        firsts = [b"".join(parts[: count + 1]) for count in range(len(parts))]
        if all(Masker(DEFAULT_RULES).bytes(first) == first for first in firsts):
            assert stream(parts, flushed=True) == data


def test_the_examples_in_the_theory_of_operation() -> None:
    masking = StreamMasker(Masker(DEFAULT_RULES))
    assert masking.feed(b"paid 4111 11") == b"paid "
    assert masking.feed(b"11 1111 1111 ok\n") == b"**** **** **** 1111 ok\n"
    for follows, shown in ((b"111 1111 ok\n", b"** **** 1111 ok\n"), (b" rows\n", b"11 1 rows\n")):
        assert masking.feed(b"paid 4111 1111 1") == b"paid "
        assert masking.flush() == b"4111 11"
        assert masking.held == 0
        assert masking.feed(follows) == shown


# --- long things -------------------------------------------------------------------------------------------------


def test_held_bytes_are_bounded() -> None:
    for unit in (b"a", b"4 ", b"7", b"\xe6\xbc\xa2", b"eyJhbGci.", b"4\x1b[0m", b"cvv ", b"\x1b]"):
        masking = StreamMasker(Masker(DEFAULT_RULES))
        data = unit * (3 * MAX_HELD // len(unit))
        out = b""
        for at in range(0, len(data), 2_000):
            out += masking.feed(data[at : at + 2_000])
            assert masking.held <= MAX_HELD
        out += masking.flush(final=True)
        assert out == Masker(DEFAULT_RULES).bytes(data)


def test_characters_cut_in_two() -> None:
    data = "naïve 漢字 ４１１１ １１１１ １１１１ １１１１ 😀".encode()
    for size in (1, 2, 3, 5):
        assert stream(data[at : at + size] for at in range(0, len(data), size)) == Masker(DEFAULT_RULES).bytes(data)
    assert "漢字 **** **** **** １１１１".encode() in Masker(DEFAULT_RULES).bytes(data)


def test_random_bytes_pass_unharmed() -> None:
    source = random.Random(50)
    masker = Masker(DEFAULT_RULES)
    masking = StreamMasker(masker)
    for _ in range(800):
        data = source.randbytes(65536)
        held = masking.held
        out = masking.feed(data)
        assert len(out) == held + len(data) - masking.held
    assert masker.counts == {}


@pytest.mark.finding("ssh-F1")
@pytest.mark.parametrize("text", [b"\xc0", b"ok\xe2\x82", b"\xf4", b"\xff", b"1\xe2", b"411111\xf8", b"a@b.\xd9"])
def test_the_first_bytes_of_a_character_never_outwait_a_flush(text: bytes) -> None:
    masking = StreamMasker(Masker(DEFAULT_RULES))
    assert masking.feed(text) + masking.flush() == text
    assert (masking.held, masking.unsent) == (0, b"")


def test_a_whole_flush_lets_everything_go_and_looks_on() -> None:
    masking = StreamMasker(Masker(DEFAULT_RULES))
    assert masking.feed(b"4111111111") + masking.flush() == b"411111"
    assert masking.unsent == b"1111"
    assert masking.flush(whole=True) == b"1111"
    assert masking.latest == ""
    assert b"111111" not in masking.feed(b"111111\n")
    assert masking.latest == "pan"


# --- what hides a value ------------------------------------------------------------------------------------------

TOKENS = [b"ghp_" + b"a1B2" * 9, b"AKIAIOSFODNN7EXAMPLE", b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"]
#: Of ESC, and without parameters: save and restore the cursor, RI, RIS, HTS, the keypad, UTF-8.
SHORT = [b"\x1b7", b"\x1b8", b"\x1bM", b"\x1bc", b"\x1bH", b"\x1b=", b"\x1b%G"]


def shown_whole_and_byte_by_byte(text: bytes) -> set[bytes]:
    whole, cut = StreamMasker(Masker(DEFAULT_RULES)), StreamMasker(Masker(DEFAULT_RULES))
    shown = b"".join(cut.feed(text[at : at + 1]) for at in range(len(text))) + cut.flush(final=True)
    return {whole.feed(text) + whole.flush(final=True), shown}


@pytest.mark.parametrize("secret", TOKENS, ids=["github", "aws", "jwt"])
@pytest.mark.parametrize("before", [b"", b"word"])
@pytest.mark.parametrize("unseen", [*SHORT, "\x9bm".encode(), b"\x1b[\x01m", b"\x1b"], ids=repr)
def test_a_secret_behind_a_sequence_is_hidden(secret: bytes, before: bytes, unseen: bytes) -> None:
    """Also behind a word that the sequence ends, and where the sequence would take the secret's first letter."""
    (shown,) = shown_whole_and_byte_by_byte(before + unseen + secret + b"\n")
    assert secret not in shown


@pytest.mark.parametrize("secret", TOKENS, ids=["github", "aws", "jwt"])
@pytest.mark.parametrize(
    "unseen",
    [*SHORT, *(character.encode() for character in ("\u200b", "\xad", "\u2060", "\ufeff", "\x80"))],
    ids=repr,
)
def test_a_secret_around_what_is_not_seen_is_hidden(secret: bytes, unseen: bytes) -> None:
    (shown,) = shown_whole_and_byte_by_byte(secret[:12] + unseen + secret[12:] + b"\n")
    assert secret[:12] not in shown
    assert secret[12:] not in shown


@pytest.mark.parametrize(
    "unseen",
    [
        pytest.param(b"\x1b]0;a\x1fb\x07", id="US in an OSC string"),
        pytest.param(b"\x1bPq\x1f\x1b\\", id="US in a DCS string"),
        pytest.param(b"\x1b[1\x1fm", id="US in a control sequence"),
        pytest.param(b"\x1b[\x01m", id="SOH in a control sequence"),
        pytest.param(b"\x1b[1\x1cm", id="FS in a control sequence"),
        pytest.param(b"\x1b\x01(B", id="SOH in a short sequence"),
        pytest.param(b"\x1bkx\x1b\\", id="title of screen and tmux"),
        pytest.param(b"\x1bk", id="the same, where it is none"),
        pytest.param(b"\x1b]R", id="palette of Linux and PuTTY"),
        pytest.param(b"\x1b]P0ffffff", id="palette of Linux and PuTTY, set"),
        pytest.param("\x1b[\x80m".encode(), id="PAD in a control sequence"),
        pytest.param("\x1b[1\u200bm".encode(), id="ZWSP in a control sequence"),
    ],
)
def test_a_number_around_what_is_not_seen_is_hidden(unseen: bytes, typed: Callable[[bytes], bytes]) -> None:
    text = b"4111" + unseen + b"111111111111\n"
    (shown,) = shown_whole_and_byte_by_byte(text)
    assert b"111111111111" not in shown
    assert b"111111111111" not in typed(text)


@pytest.mark.parametrize("cut", [12, 15])
@pytest.mark.parametrize(
    ("before", "rest"),
    [
        pytest.param(b"11\x1b", b"111111111111", id="ESC"),
        pytest.param(b"11\x1b(", b"111111111111", id="SCS"),
        pytest.param(b"11\x1b\x02", b"111111111111", id="ESC and STX"),
        pytest.param(b"11\x1b7\x1b", b"111111111111", id="two"),
        pytest.param(b"11\x1b[", b"111111111111", id="CSI"),
        pytest.param(b"11\x1b", b"\x1b[m111111111111", id="ESC, and SGR within"),
    ],
)
def test_a_number_behind_an_escape_waits_as_any(cut: int, before: bytes, rest: bytes) -> None:
    """A terminal takes its first digit for a part of a sequence, and whoever reads no sequences does not."""
    text = before + b"4111" + rest
    cut += len(text) - 16
    masking = StreamMasker(Masker(DEFAULT_RULES))
    shown = masking.feed(text[:cut]) + masking.flush()
    shown += masking.feed(text[cut:] + b"\n") + masking.flush(final=True)
    assert shown.count(b"1") <= len(b"11111111111")


@given(texts, cuts)
@settings(max_examples=400)
def test_all_of_what_is_fed_goes_as_a_flush_behind_it_would_have_it(data: bytes, at: list[int]) -> None:
    fed, flushed = StreamMasker(Masker(DEFAULT_RULES)), StreamMasker(Masker(DEFAULT_RULES))
    for piece in pieces(data, at):
        assert fed.feed(piece, whole=True) == flushed.feed(piece) + flushed.flush(whole=True)
        assert (fed.latest, fed.held) == (flushed.latest, 0)


def test_an_address_is_read_alike_whatever_stands_elsewhere() -> None:
    data = b"a@b.coma@b.com\xc2\x9c\xc2\x9c\n;..postgres://u:pw@host/db\n"
    whole = Masker(DEFAULT_RULES).bytes(data)
    for cut in range(1, len(data)):
        assert stream([data[:cut], data[cut:]]) == whole
