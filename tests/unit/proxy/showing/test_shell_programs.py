"""Generated command lines: what runs is in what is shown, or the line is unreviewable; and no planted secret is shown.

Every name that a generated line runs is one of a kind (`run12x`), and so is every secret (`Zq7secret12x`): looking for
them in the text is enough.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.showing.shell import facts_of

EXAMPLES = 2_000

_DECOYS = [
    *["Authorization:", "cookie:", "x-api-key:", "token:", "password", "--password-stdin", "kinit", "passwd"],
    *["-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "4111", "4111111111111111", "a@example.com"],
    *["identified by", "pass:", "x", "-n", "/srv/data", "'", '"', "*", "é", "\u202e", "http://u:", "@h", "#", "{}"],
]
_JOINS = ["; ", " && ", " || ", " | ", " |& ", " & ", "\n", " ;\n"]


@dataclass
class Planted:
    """What a generated line holds: names that it runs, and secrets that must not be shown."""

    runs: list[str] = field(default_factory=list[str])
    secrets: list[str] = field(default_factory=list[str])

    def name(self) -> str:
        self.runs.append(f"run{len(self.runs)}x")
        return self.runs[-1]

    def secret(self) -> str:
        self.secrets.append(f"Zq7secret{len(self.secrets)}x")
        return self.secrets[-1]


Draw = Callable[[st.SearchStrategy[str]], str]


def _quoted(draw: Draw, text: str) -> str:
    style = draw(st.sampled_from(["bare", "single", "double", "ansi", "mixed"]))
    if style == "bare" and re.fullmatch(r"[\w@:/.-]+", text):
        return text
    if style == "ansi":
        return "$'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    if style == "double":
        return '"' + re.sub(r'([\\"$`])', r"\\\1", text) + '"'
    if style == "mixed" and (border := re.search(r"[ =:]", text)):
        return shlex.quote(text[: border.start()]) + shlex.quote(text[border.start() :])
    return shlex.quote(text)


def _words(draw: Draw) -> str:
    return " ".join(_quoted(draw, draw(st.sampled_from(_DECOYS))) for _ in range(int(draw(st.sampled_from("0123")))))


def _option(draw: Draw, planted: Planted) -> str:
    """A command with a secret where its program takes one."""
    secret = planted.secret() + draw(st.sampled_from(["", "!", "; rm", "%$x", " y"]))
    value = _quoted(draw, secret)
    return draw(
        st.sampled_from(
            [
                f"mysql -p{value} -e 'select 1'",
                f"curl -u bob:{value} http://h/",
                f"redis-cli -a {value} ping",
                f"sshpass -p {value} ssh h uptime",
                f"docker login -u bob -p {value}",
                f"curl -H {_quoted(draw, 'Authorization: Bearer ' + secret)} http://h/",
                f"passwd --stdin bob <<< {value}",
                f"echo {value} | kinit",
                f"openssl rsa -passin {_quoted(draw, 'pass:' + planted.secret())}",
            ]
        )
    )


def _named(draw: Draw, planted: Planted) -> str:
    """A secret behind its name: opaque, as what has blanks in it is shown where it could be code."""
    value = _quoted(draw, planted.secret())
    return draw(
        st.sampled_from(
            [
                f"PGPASSWORD={value} pg_dump db",
                f"tool --password={value}",
                f"tool --api-key {value}",
                f"export DB_TOKEN={value}",
                f"curl -d {_quoted(draw, 'password=' + planted.secret())} http://h/",
            ]
        )
    )


def _command(draw: Draw, planted: Planted, depth: int) -> str:
    kinds = ["plain", "plain", "option", "named", "redirect"]
    if depth:
        kinds += ["substitution", "inner", "evaluated", "document", "group", "variable", "option-substitution", "sudo"]
    match draw(st.sampled_from(kinds)):
        case "option":
            return _option(draw, planted)
        case "named":
            return _named(draw, planted)
        case "redirect":
            return f"{planted.name()} {_words(draw)} > {planted.name()}.log"
        case "substitution":
            inner = _line(draw, planted, depth - 1)
            return f'{planted.name()} {_words(draw)} "pre $({inner}\n) post"'
        case "option-substitution":
            return f'tool --token="abc$({_line(draw, planted, depth - 1)}\n)"'
        case "inner":
            shell = draw(st.sampled_from(["bash -c", "sh -ec", "sudo -n bash -c", "su bob -c", "ssh h", "eval"]))
            return f"{shell} {_quoted(draw, _line(draw, planted, depth - 1))}"
        case "evaluated":
            return f"echo {_quoted(draw, 'token=' + planted.name() + ' x; ' + planted.name())} | sh"
        case "variable":
            return f"TOKEN={_quoted(draw, planted.name() + ' -rf /')}; $TOKEN"
        case "document":
            reader = draw(st.sampled_from(["bash", "sudo bash -s", "cat", "python3", "psql", "kinit", "tee f"]))
            body = _line(draw, planted, depth - 1) if "bash" in reader else f"{_words(draw)} {planted.name()}"
            if reader == "kinit":
                planted.runs.pop()
                body = planted.secret()
            return f"{reader} <<'E'\n{body}\nE\n{planted.name()}"
        case "group":
            return f"( {_line(draw, planted, depth - 1)}\n)"
        case "sudo":
            return f"sudo -u bob {planted.name()} {_words(draw)}"
        case _:
            return f"{planted.name()} {_words(draw)}"


def _line(draw: Draw, planted: Planted, depth: int) -> str:
    line = _command(draw, planted, depth)
    for _ in range(int(draw(st.sampled_from("0012")))):
        line += draw(st.sampled_from(_JOINS)) + _command(draw, planted, depth)
    return line + draw(st.sampled_from(["", "", " # token: x"]))


@st.composite
def programs(draw: Draw) -> tuple[str, Planted]:
    """A command line, and what is planted in it."""
    planted = Planted()
    return _line(draw, planted, 2), planted


@pytest.mark.finding("H1")
@pytest.mark.finding("H3")
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(programs())
def test_what_runs_is_shown_or_nobody_may_approve_it_and_no_secret_is(program: tuple[str, Planted]) -> None:
    line, planted = program
    (facts,) = facts_of(line)
    hidden = [name for name in planted.runs if name not in facts.text]
    assert not hidden or facts.unreviewable, (line, facts.text, hidden)
    shown = [secret for secret in planted.secrets if secret in facts.text]
    assert not shown or "unparseable" in facts.labels, (line, facts.text, shown)
