"""What the owner of a key reads: which, what became of it, and what to do if it was not them."""

import pytest

from bot.blocks.notices import render_key_notice, render_linked, render_ssh_key_notice
from storage.model import SecurityKey, SshKey
from support.bot.facts import NOW
from support.bot.rendered import assert_inert, every_key, every_ssh_key, read_message

PAGES = "https://gate.example.com"
SAYS = {
    None: "was added to your account",
    "removed": "You ended it",
    "cloned": "Tell your operators",
    "left": "names you",
    "operator": "An operator of Gatepass ended it for you",
}


@pytest.mark.parametrize("key", every_key(), ids=lambda key: str(key.end_reason))
def test_what_became_of_it(key: SecurityKey) -> None:
    message = render_key_notice(key, PAGES)
    assert SAYS[key.end_reason] in read_message(message)
    assert "Was it not you?" in read_message(message)
    assert_inert(message)


@pytest.mark.parametrize("key", every_ssh_key(), ids=lambda key: str(key.end_reason))
def test_what_became_of_an_ssh_key(key: SshKey) -> None:
    message = render_ssh_key_notice(key, PAGES)
    assert SAYS[key.end_reason] in read_message(message)
    assert ("SHA256:ZmZm" in read_message(message)) is (key.end_reason is None)
    assert "touch" not in read_message(message)
    assert_inert(message)


def test_no_button_where_nobody_said_where_the_pages_are() -> None:
    assert [block["type"] for block in render_key_notice(every_key()[0], "").blocks_json()] == ["section", "context"]


def test_an_account_that_was_linked_says_whose_it_is_and_what_to_do_if_not() -> None:
    message = render_linked("alice", NOW, PAGES)
    assert "linked to alice" in read_message(message)
    assert "Unlink it on My access" in read_message(message)
    assert PAGES in str(message.blocks_json())
    assert "http" not in str(render_linked("alice", NOW, "").blocks_json())
