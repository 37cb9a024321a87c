"""What is put on record of a file."""

import hashlib

from proxy.ssh.files.file_event import Content, FileEvent, Operation, readable


def test_bytes_in_order_have_their_hash() -> None:
    content = Content()
    content.add(b"ab", 0)
    content.add(b"cd", 2)
    event = content.event(Operation.DOWNLOAD, "/x")
    assert event.facts == {
        "operation": Operation.DOWNLOAD,
        "path": "/x",
        "bytes": 4,
        "sha256": hashlib.sha256(b"abcd").hexdigest(),
    }


def test_bytes_from_the_middle_say_where_they_begin() -> None:
    content = Content()
    content.add(b"cd", 2)
    assert (content.offset, content.in_order) == (2, True)


def test_bytes_out_of_order_have_none() -> None:
    content = Content()
    content.add(b"cd", 2)
    content.add(b"ab", 0)
    assert "sha256" not in content.event(Operation.UPLOAD, "/x").facts
    assert content.count == 4


def test_what_was_not_finished_says_so() -> None:
    assert FileEvent(Operation.REMOVE, "/x", done=False).facts == {
        "operation": Operation.REMOVE,
        "path": "/x",
        "done": False,
    }


def test_a_path_is_text_and_whole() -> None:
    assert readable(b"caf\xe9") == "caf\\xe9"
    assert len(readable(b"\xe9" * 4_096)) == 4 * 4_096
