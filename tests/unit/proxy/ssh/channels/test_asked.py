"""What one channel was asked for: its facts, its kind, what goes along, and what Gatepass itself refuses of it."""

import asyncio
import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.policy.shapes.roles import Files, Role, SshFeature
from proxy.ssh.channels import asked as asked_module
from proxy.ssh.channels.asked import MAX_ENVIRONMENT_VALUE, Asked, allowed_environment, is_chosen_word, is_plain
from proxy.ssh.channels.command_line import CommandLine
from proxy.ssh.channels.kind import Kind
from proxy.statements import StatementFacts


def role(files: Files) -> Role:
    return Role(username="x", password="env:X", files=files)


@pytest.mark.parametrize(
    ("asked", "labels", "kind"),
    [
        (Asked(), {"shell"}, Kind.TEXT),
        (Asked(terminal=True), {"shell"}, Kind.TERMINAL),
        (Asked(feature=SshFeature.SFTP, subsystem="sftp"), {"sftp", "transfer"}, Kind.SFTP),
        (Asked(SshFeature.EXEC, CommandLine("ls")), {"exec", "command:ls"}, Kind.TEXT),
        (Asked(SshFeature.EXEC, CommandLine("ls"), terminal=True), {"exec", "command:ls"}, Kind.TERMINAL),
    ],
)
async def test_facts_and_kind(asked: Asked, labels: set[str], kind: Kind) -> None:
    facts = await asked.facts(asyncio.Lock())
    assert facts[0].labels == labels
    assert asked.kind(facts) is kind


async def test_a_long_command_is_read_aside_and_says_the_same() -> None:
    asked = Asked(SshFeature.EXEC, CommandLine("echo " + "x" * 5000 + "; tar c y"))
    facts = await asked.facts(asyncio.Lock())
    assert "command:tar" in facts[0].labels
    assert asked.kind(facts) is Kind.STREAM


async def test_long_commands_are_read_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each by itself leaves the loop its turns; several together leave it almost none."""
    busy = threading.Lock()
    read: list[str] = []

    def alone(self: CommandLine) -> list[StatementFacts]:
        assert busy.acquire(blocking=False)
        threading.Event().wait(0.01)
        read.append(self.text)
        busy.release()
        return []

    monkeypatch.setattr(CommandLine, "facts", alone)
    asked = [Asked(SshFeature.EXEC, CommandLine(f"echo {number}; " + "a|" * 100 + "a")) for number in range(8)]
    await asyncio.gather(*(each.facts(asyncio.Lock()) for each in asked))
    assert len(read) == 8


async def test_of_one_session_one_long_command_waits_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another session's comes next, however many this one asks for."""
    order: list[str] = []

    def noted(self: CommandLine) -> list[StatementFacts]:
        order.append(self.text[0])
        return []

    monkeypatch.setattr(CommandLine, "facts", noted)
    crowd, alone = asyncio.Lock(), asyncio.Lock()
    commands = [("a", crowd)] * 8 + [("b", alone)]
    asked = ((Asked(SshFeature.EXEC, CommandLine(name * 200)), turn) for name, turn in commands)
    await asyncio.gather(*(each.facts(turn) for each, turn in asked))
    assert order.index("b") == 1


async def test_nothing_of_a_long_command_is_read_in_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, threads = threading.get_ident(), set[int]()

    def noted(*_: object, **__: object) -> Kind:
        threads.add(threading.get_ident())
        return Kind.STREAM

    monkeypatch.setattr(asked_module, "kind_of", noted)
    asked = Asked(SshFeature.EXEC, CommandLine("tar c " + "x " * 100))
    assert asked.kind(await asked.facts(asyncio.Lock())) is Kind.STREAM
    assert threads
    assert loop not in threads


@pytest.mark.finding("ssh-F3")
@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        (Asked(SshFeature.EXEC, CommandLine("tar c x")), "files"),
        (Asked(SshFeature.EXEC, CommandLine("tar c x"), terminal=True), "files"),
        (Asked(SshFeature.SFTP, subsystem="sftp"), "files"),
        (Asked(SshFeature.EXEC, CommandLine("ls")), None),
        (Asked(), None),
    ],
)
async def test_a_role_that_moves_no_files_refuses_them(asked: Asked, rule: str | None) -> None:
    facts = await asked.facts(asyncio.Lock())
    refused = asked.refusal(role(Files.DENY), facts)
    assert (refused.name if refused else None) == rule
    assert asked.refusal(role(Files.ALLOW), facts) is None
    assert asked.refusal(role(Files.REFUSE_SENSITIVE), facts) is None


@pytest.mark.finding("ssh-F10")
@pytest.mark.parametrize(
    ("command", "rule"), [(b"ls caf\xe9", "not-utf-8"), (b"a\0b", "nul"), (b"mosh-server", "no-mosh"), (b"ls", None)]
)
async def test_some_commands_are_refused_on_every_role(command: bytes, rule: str | None) -> None:
    asked = Asked(SshFeature.EXEC, CommandLine.of(command))
    refused = asked.refusal(role(Files.ALLOW), await asked.facts(asyncio.Lock()))
    assert (refused.name if refused else None) == rule


def test_only_harmless_environment_goes_along() -> None:
    given = {b"LANG": b"C", b"LC_TIME": b"C", b"LC_X": b"C", b"PATH": b"/x", b"TZ": b"x" * (MAX_ENVIRONMENT_VALUE + 1)}
    assert allowed_environment(given) == [(b"LANG", b"C"), (b"LC_TIME", b"C")]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (b"LC_ALL", [b"", b"C", b"POSIX", b"C.UTF-8", b"UTF-8", b"de_DE.UTF-8@euro", b"en_US.utf8"]),
        (b"LANGUAGE", [b"de_DE:en", b"pt_BR:pt:en"]),
        (b"LC_TERMINAL", [b"iTerm2"]),
        (b"LC_TERMINAL_VERSION", [b"3.4.19", b"3.5.0beta11"]),
        (b"TERM", [b"xterm-256color", b"screen.xterm+256color", b"vt100"]),
        (b"TZ", [b"UTC", b"Europe/Berlin", b":America/Argentina/Buenos_Aires", b"Etc/GMT+5", b"<+03>-3"]),
        (b"TZ", [b"CET-1CEST,M3.5.0,M10.5.0/3", b"America/Port-au-Prince"]),
        (b"GIT_PROTOCOL", [b"version=2", b"version=1:key"]),
        (b"COLORTERM", [b"truecolor", b"24bit"]),
        (b"NO_COLOR", [b"1", b""]),
    ],
)
def test_what_such_variables_hold_goes_along(name: bytes, values: list[bytes]) -> None:
    assert allowed_environment({name: values[-1]}) == [(name, values[-1])]
    assert [value for value in values if not is_plain(name, value)] == []


@pytest.mark.parametrize("name", [b"LC_NAME", b"LANG", b"LANGUAGE", b"TERM", b"TZ", b"GIT_PROTOCOL", b"NO_COLOR"])
@pytest.mark.parametrize(
    "value",
    [b"/etc", b"etc/passwd", b"..", b"../x", b"~", b"-rf", b"a b", b"a\nb", b"*", b"$(x)", b"of=/x", b"x" * 257],
)
def test_no_path_and_no_option_goes_along(name: bytes, value: bytes) -> None:
    assert allowed_environment({name: value}) == []


@pytest.mark.parametrize("name", [b"LANG", b"LC_ALL", b"LC_CTYPE"])
@pytest.mark.parametrize("value", [b"zh_CN.GBK", b"zh_TW", b"ja_JP.SJIS", b"Etc", b"german", b"GBK"])
def test_no_other_character_set_goes_along(name: bytes, value: bytes) -> None:
    assert allowed_environment({name: value}) == []


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf $TERM",
        'rm -rf "${TERM}"',
        "rm -rf $TE\\\nRM",
        "bash -c 'rm -rf $TE'\"RM\"",
        "bash -c $'rm -rf $\\x54ERM'",
        "printenv TERM | xargs rm -rf",
        "rm -rf ${TERM%x}",
    ],
)
def test_no_word_of_a_command_is_chosen_by_a_variable(command: str) -> None:
    given = {b"TERM": b"backups", b"LC_ALL": b"C.UTF-8"}
    assert allowed_environment(given, command) == [(b"LC_ALL", b"C.UTF-8")]
    assert is_chosen_word(b"TERM", command)


@pytest.mark.parametrize(
    "name", [b"LC_TERMINAL", b"LC_TERMINAL_VERSION", b"COLORTERM", b"TZ", b"LANGUAGE", b"GIT_PROTOCOL", b"NO_COLOR"]
)
def test_a_variable_that_is_no_word_of_the_command_goes_along(name: bytes) -> None:
    assert not is_chosen_word(name, "rm -rf backups; echo $HOME $LC_ALL")
    assert is_chosen_word(name, f"rm -rf ${name.decode()}")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("filled", [",", "..", ".a", "a,", "a"])
def test_braces_that_nobody_closes_take_no_time(filled: str) -> None:
    """They are looked for while others wait: tried behind each comma they would take minutes."""
    command = f"echo $HOME {{{filled * 150_000}"
    assert not is_chosen_word(b"TERM", command)
    assert is_chosen_word(b"TERM", command + ",}")


@given(st.text("{},.a$", max_size=12))
def test_braces_make_words_with_a_comma_or_two_full_stops(text: str) -> None:
    makes = re.search(r"\{[^{}]*(?:,|\.\.)[^{}]*\}", text) is not None
    assert is_chosen_word(b"TERM", "$" + text) is makes
