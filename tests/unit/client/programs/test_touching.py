"""Waiting for a touch: the link is said once, and each way that it ends has its sentence and its status."""

from typing import Any, cast

import pytest

from client.api import Api
from client.errors import REFUSED, UNDECIDED, UNTRUSTED, Failed
from client.kept.servers import Server
from client.login import browsers
from client.programs import touching

GRANT = {"id": "g1", "role": "read", "resource": "payments-db", "takes_touch": True}
PAGE = "/present/command-line/t1"


class Answers:
    """A server that tells these stages, one after the other."""

    def __init__(self, *stages: str, asked: dict[str, Any] | None = None) -> None:
        self.server = Server("https://gate.example.com")
        self.paths: list[str] = []
        self._stages = list(stages)
        self._asked = {"id": "t1", "page": PAGE, "expires_in": 300} if asked is None else asked

    def post(self, path: str) -> dict[str, Any]:
        self.paths.append(path)
        return self._asked

    def get(self, path: str) -> dict[str, Any]:
        self.paths.append(path)
        return {"state": self._stages.pop(0)}


def given(answers: Answers, grant: dict[str, Any] = GRANT, *, browser: bool = False) -> str | None:
    return touching.given(cast("Api", answers), grant, browser=browser)


def test_it_is_waited_for_and_the_link_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    answers = Answers("waiting", "waiting", "touched")
    assert given(answers) == "t1"
    assert answers.paths == ["/api/grants/g1/touch", *["/api/touches/t1?wait=1"] * 3]
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "read on payments-db takes a touch of your security key. Touch it in your browser, within 5 minutes:\n"
        f"    https://gate.example.com{PAGE}\n"
    )


def test_what_takes_none_asks_for_none() -> None:
    answers = Answers()
    assert given(answers, GRANT | {"takes_touch": False}) is None
    assert given(answers, {"id": "g1"}) is None
    assert answers.paths == []


@pytest.mark.parametrize(("browser", "there"), [(True, True), (True, False), (False, True)])
def test_the_page_is_opened_where_it_may_be(monkeypatch: pytest.MonkeyPatch, *, browser: bool, there: bool) -> None:
    opened: list[str] = []
    monkeypatch.setattr(browsers, "has_browser", lambda: there)
    monkeypatch.setattr(browsers, "show", opened.append)
    given(Answers("touched"), browser=browser)
    assert opened == ([f"https://gate.example.com{PAGE}"] if browser and there else [])


@pytest.mark.parametrize(
    ("stages", "said", "status"),
    [
        (["waiting", "refused"], "It was refused on the page, so nothing was opened.", REFUSED),
        (["waiting", "over"], "Nobody touched a key within 5 minutes, so nothing was opened. Run it again.", UNDECIDED),
    ],
)
def test_how_it_ends_otherwise(stages: list[str], said: str, status: int) -> None:
    with pytest.raises(Failed) as failed:
        given(Answers(*stages))
    assert (str(failed.value), failed.value.status) == (said, status)


@pytest.mark.parametrize("asked", [{}, {"id": "t1"}, {"id": "t1", "page": PAGE, "expires_in": None}])
def test_what_is_no_gatepass_is_told_so(asked: dict[str, Any]) -> None:
    with pytest.raises(Failed, match="is no Gatepass") as failed:
        given(Answers(asked=asked))
    assert failed.value.status == UNTRUSTED


def test_an_address_of_another_site_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    given(Answers("touched", asked={"id": "t1", "page": "//evil.example\x1b]0;", "expires_in": 300}))
    assert "    https://gate.example.com/evil.example?]0;\n" in capsys.readouterr().err
