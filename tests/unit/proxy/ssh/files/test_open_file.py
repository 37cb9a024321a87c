"""What is on record of one handle: which bytes, from where, and a hash only where it is one of what was moved."""

import hashlib

import pytest

from proxy.ssh.files.file_event import FileEvent, Operation
from proxy.ssh.files.open_file import APPEND, CREATE, EXCLUSIVE, TRUNCATE, WRITE, OpenFile

NOTHING = hashlib.sha256(b"").hexdigest()


def _closed(file: OpenFile, *, done: bool = True) -> FileEvent:
    (event,) = file.events(done=done)
    return event


def _written(*pieces: tuple[int, bytes], flags: int = WRITE | CREATE | TRUNCATE) -> OpenFile:
    file = OpenFile("/x", flags)
    for offset, data in pieces:
        file.write(data, offset)
        file.wrote(len(data), done=True)
    return file


def test_pieces_in_order_have_the_hash_of_all() -> None:
    event = _closed(_written((0, b"ab"), (2, b"cd")))
    assert (event.bytes, event.sha256, event.done) == (4, hashlib.sha256(b"abcd").hexdigest(), True)


def test_pieces_from_within_a_file_say_from_where() -> None:
    event = _closed(_written((100, b"ab"), (102, b"cd"), flags=WRITE))
    assert (event.offset, event.sha256) == (100, hashlib.sha256(b"abcd").hexdigest())


def test_pieces_out_of_order_have_no_hash_and_begin_at_the_first_byte() -> None:
    event = _closed(_written((2, b"cd"), (0, b"ab")))
    assert (event.offset, event.bytes, event.sha256) == (0, 4, "")


def test_what_is_appended_stands_at_the_end_whatever_the_offset() -> None:
    event = _closed(_written((7, b"ab"), (0, b"cd"), flags=WRITE | APPEND))
    assert event == FileEvent(
        Operation.UPLOAD, "/x", bytes=4, sha256=hashlib.sha256(b"abcd").hexdigest(), appended=True
    )


@pytest.mark.parametrize(
    ("flags", "sha256"),
    [
        (WRITE | CREATE | TRUNCATE, NOTHING),
        (WRITE | CREATE | EXCLUSIVE, NOTHING),
        # Beside reading alone it empties a file too.
        (1 | TRUNCATE, NOTHING),
        (WRITE, ""),
        (WRITE | CREATE, ""),
        (APPEND, ""),
    ],
)
def test_a_file_into_which_nothing_was_written_has_the_hash_of_nothing_if_it_is_empty(flags: int, sha256: str) -> None:
    event = _closed(OpenFile("/x", flags))
    assert (event.operation, event.bytes, event.sha256) == (Operation.UPLOAD, 0, sha256)


def test_a_file_that_nobody_read_has_no_hash() -> None:
    file = OpenFile("/x", 1)
    assert _closed(file) == FileEvent(Operation.DOWNLOAD, "/x")
    file = OpenFile("/x", 1, read_to_end=True)
    assert _closed(file).sha256 == NOTHING


@pytest.mark.parametrize("answer", [False, None])
def test_a_write_that_was_not_done_is_no_whole_file(answer: bool | None) -> None:
    file = _written((0, b"ab"))
    file.write(b"cd", 2)
    if answer is not None:
        file.wrote(2, done=answer)
    event = _closed(file)
    assert (event.bytes, event.sha256, event.done) == (4 if answer is None else 2, "", False)


def test_a_file_that_is_cut_is_not_what_was_written() -> None:
    file = _written((0, b"abcd"))
    file.resized(4)
    assert _closed(file).sha256
    file = _written((0, b"abcd"))
    file.resized(2)
    assert not _closed(file).sha256


def test_a_file_that_is_read_and_written_is_on_record_twice() -> None:
    file = _written((0, b"ab"), flags=1 | WRITE)
    file.read.add(b"ab", 0)
    assert [event.operation for event in file.events(done=True)] == [Operation.DOWNLOAD, Operation.UPLOAD]


def test_a_file_that_is_cut_to_nothing_is_empty() -> None:
    file = OpenFile("/x", WRITE | CREATE)
    file.resized(0)
    assert _closed(file).sha256 == NOTHING


def test_a_folder_leaves_nothing() -> None:
    assert list(OpenFile("/x", is_folder=True).events(done=True)) == []


@pytest.mark.parametrize("surely", [True, False])
def test_a_file_that_is_grown_before_it_is_written_is_not_empty(surely: bool) -> None:
    file = OpenFile("/x", WRITE | CREATE | TRUNCATE)
    file.resized(5, surely=surely)
    assert not _closed(file).sha256
    file = OpenFile("/x", WRITE | CREATE | TRUNCATE)
    file.resized(5, surely=surely)
    file.resized(0)
    assert _closed(file).sha256 == NOTHING


def test_a_file_that_was_cut_perhaps_is_not_what_was_written_and_not_empty() -> None:
    file = _written((0, b"abcd"))
    file.resized(2, surely=False)
    assert not _closed(file).sha256
    file = OpenFile("/x", WRITE)
    file.resized(0, surely=False)
    assert not _closed(file).sha256
