"""What people type after /access, as a table."""

import pytest

from bot.blocks.request_form import Draft
from bot.listeners.grammar import AskFor, Cancel, Help, ListMine, ListWaiting, OpenForm, Revoke, as_typed, read_command

KNOWN = {"payments-db": ["read", "admin"], "web-1": ["deploy"]}


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", OpenForm(Draft())),
        ("   ", OpenForm(Draft())),
        ("list", ListMine()),
        ("LIST", ListMine()),
        ("waiting", ListWaiting()),
        ("cancel all not today", Cancel("all", "not today")),
        ("help", Help()),
        ("help me please", Help()),
        ("revoke 1a2b3c4d", Revoke("1a2b3c4d", "")),
        ("revoke 1A2B3C4D all done", Revoke("1a2b3c4d", "all done")),
        ("cancel 1A2B3C4D not needed", Cancel("1a2b3c4d", "not needed")),
        ("payments-db read 15m", AskFor("payments-db", "read", 900, None, "")),
        ("Payments-DB Read 15M", AskFor("payments-db", "read", 900, None, "")),
        ("payments-db read 1h30m look around", AskFor("payments-db", "read", 5400, None, "look around")),
        (
            "payments-db read 15m INC-42 fix stuck migration",
            AskFor("payments-db", "read", 900, "INC-42", "fix stuck migration"),
        ),
        ("payments-db read 15m INC-42", AskFor("payments-db", "read", 900, "INC-42", "")),
        ("payments-db read 15m inc-42 why", AskFor("payments-db", "read", 900, None, "inc-42 why")),
        ("payments-db read 15m why INC-42", AskFor("payments-db", "read", 900, None, "why INC-42")),
        ("  web-1\tdeploy\n60s  roll  back\n\nnow ", AskFor("web-1", "deploy", 60, None, "roll  back\n\nnow")),
        (
            "payments-db read 15m ask &lt;!channel&gt; &amp; <@U1|ann>",
            AskFor("payments-db", "read", 900, None, "ask <!channel> & @ann"),
        ),
    ],
)
def test_a_line_is_read(text: str, command: object) -> None:
    assert read_command(text, KNOWN) == command


@pytest.mark.parametrize(
    ("text", "draft", "said"),
    [
        (
            "paymets-db read 15m",
            Draft("payments-db", "read", "15m"),
            "no resource called 'paymets-db' that you may ask for. Did you mean payments-db?",
        ),
        ("read@paymets-db 15m", Draft("payments-db", "read", "15m"), "Did you mean payments-db?"),
        ("paymets-db", Draft("payments-db"), "I don't know 'paymets-db'. Did you mean payments-db?"),
        ("@", Draft(), "A role is missing."),
        ("payments-db", Draft("payments-db"), "A role is missing."),
        ("payments-db raed 15m", Draft("payments-db", "read", "15m"), "there are admin, read. Did you mean read?"),
        ("payments-db read", Draft("payments-db", "read"), "A duration is missing"),
        ("payments-db read 0", Draft("payments-db", "read", "0"), "no time at all"),
        ("payments-db read -1h", Draft("payments-db", "read", "-1h"), "negative"),
        ("payments-db read 15", Draft("payments-db", "read", "15"), "no unit"),
        ("payments-db read soon INC-1 why", Draft("payments-db", "read", "soon", "why", "INC-1"), "no duration"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_is_kept(text: str, draft: Draft, said: str) -> None:
    command = read_command(text, KNOWN)
    assert isinstance(command, OpenForm)
    assert command.draft == draft
    assert said in " ".join(command.troubles)


@pytest.mark.finding("use-20")
@pytest.mark.parametrize(
    "line",
    [
        "read@payments-db 15m INC-1 why",
        "payments-db read 15min INC-1 why",
        "payments-db read 15 minutes INC-1 why",
        "payments-db read for 15m INC-1 why",
        "payments-db read for 15 mins INC-1 why",
        "read payments-db 15m INC-1 why",
        "Read@Payments-DB FOR 15 Min INC-1 why",
    ],
)
def test_what_people_also_type_is_read(line: str) -> None:
    assert read_command(line, KNOWN) == AskFor("payments-db", "read", 900, "INC-1", "why")


@pytest.mark.finding("use-20")
def test_a_misspelt_word_gets_help() -> None:
    assert read_command("lst", KNOWN) == Help("I don't know 'lst'. Did you mean list?")


@pytest.mark.finding("L1")
def test_a_name_that_is_not_offered_is_as_one_that_is_not_there() -> None:
    """Both are read against what the speaker may ask for, so there is nothing else to say."""
    for line in ("orders-db read 15m", "web-1 root 15m"):
        command = read_command(line, KNOWN)
        assert isinstance(command, OpenForm)
        assert "that you may ask for" in command.troubles[0]


def test_every_error_is_named_at_once() -> None:
    command = read_command("nowhere read never", KNOWN)
    assert isinstance(command, OpenForm)
    assert len(command.troubles) == 2


@pytest.mark.parametrize(
    ("text", "said"), [("revoke", "needs the id"), ("cancel", "needs the id"), ("list all", "stands alone")]
)
def test_a_misused_keyword_gets_help(text: str, said: str) -> None:
    command = read_command(text, KNOWN)
    assert isinstance(command, Help)
    assert said in command.trouble


def test_a_huge_duration_is_the_policys_business() -> None:
    assert read_command("payments-db read 9999d", KNOWN) == AskFor("payments-db", "read", 9999 * 86_400, None, "")


def test_a_huge_word_is_not_echoed_whole() -> None:
    command = read_command("x" * 10_000, KNOWN)
    assert isinstance(command, OpenForm)
    assert len(command.troubles[0]) < 200


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("<https://example.com/a>", "https://example.com/a"),
        ("<https://example.com|example.com>", "example.com"),
        ("<#C1|ops>", "#ops"),
        ("<@U1>", "@U1"),
        ("<!channel>", "<!channel>"),
        ("&amp;lt;", "&lt;"),
    ],
)
def test_slacks_tokens_read_as_typed(sent: str, typed: str) -> None:
    assert as_typed(sent) == typed
