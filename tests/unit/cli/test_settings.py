"""Settings come from the documented variables and from no others."""

import re
from pathlib import Path

import pytest

from cli.settings import InvalidSettings, Settings

ROOT = Path(__file__).parents[3]
CERTIFICATE = ("GATEPASS_WEB_CERT", "GATEPASS_WEB_KEY")
VARIABLES = sorted(str(field.alias) for field in Settings.model_fields.values())


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment in which none of the settings is set."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.finding("use-1")
def test_bare_names_set_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """HOME and CONFIG are everybody's; a trap in any field's own name must not be obeyed."""
    expected = Settings.load()
    for name in Settings.model_fields:
        for spelling in (name, name.upper()):
            if spelling not in VARIABLES:
                monkeypatch.setenv(spelling, f"/nowhere/{name}:trap")
    assert Settings.load() == expected


@pytest.mark.finding("use-1")
def test_everything_is_in_the_working_folder_by_default() -> None:
    settings = Settings.load()
    assert settings.home == Path(".gatepass")
    assert settings.config == Path("gatepass.yml")
    assert settings.recordings == Path(".gatepass/recordings")


@pytest.mark.finding("use-1")
def test_every_variable_is_documented_and_no_other() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = page.partition("## Settings")[2].partition("\n## ")[0]
    named = {
        name
        for row in table.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`(\w+)`", row.split("|")[1])
    }
    assert named == set(VARIABLES)


@pytest.mark.parametrize("variable", VARIABLES)
def test_the_documented_name_is_read(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    special = {
        "GATEPASS_LOG_FORMAT": "json",
        "GATEPASS_CERTIFICATE_SOURCE": "any",
        "GATEPASS_WEB_URL": "https://gate.example.com",
        "GATEPASS_WEB_FORWARDED_BY": "x-forwarded-for",
        "GATEPASS_WEB_PROXIES": "10.0.0.1, 10.1.0.0/16",
    }
    value = special.get(variable, "1234" if "PORT" in variable else "127.0.0.1:1234")
    before = Settings.load()
    if variable in CERTIFICATE:
        for each in CERTIFICATE:
            monkeypatch.setenv(each, "/somewhere.pem")
    monkeypatch.setenv(variable, value)
    assert Settings.load() != before


def test_every_fault_is_named_and_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEPASS_LOG_FORMAT", "hunter2")
    monkeypatch.setenv("GATEPASS_PUBLIC_SSH_PORT", "hunter3")
    with pytest.raises(InvalidSettings) as raised:
        Settings.load()
    assert "GATEPASS_LOG_FORMAT" in str(raised.value)
    assert "GATEPASS_PUBLIC_SSH_PORT" in str(raised.value)
    assert "hunter" not in str(raised.value)


def test_case_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable in small letters is another variable."""
    monkeypatch.setenv("gatepass_home", "/nowhere")
    assert Settings.load().home == Path(".gatepass")


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("GATEPASS_PUBLIC_HOST", "", "it is the name or the address alone"),
        ("GATEPASS_PUBLIC_HOST", "a b\nevil", "it is the name or the address alone"),
        ("GATEPASS_PUBLIC_HOST", "g\u00e4te.example", "it is the name or the address alone"),
        ("GATEPASS_PUBLIC_HOST", "a" * 254, "it is the name or the address alone"),
        ("GATEPASS_PUBLIC_SSH_PORT", "99999", "65535"),
        ("GATEPASS_SSH_LISTEN", "127.0.0.1:\u00b2", "is not host:port"),
        ("DATABASE_URL", "", "it is set, and empty"),
        ("GATEPASS_OWNER_DATABASE_URL", " ", "it is set, and empty"),
    ],
)
def test_a_value_that_means_nothing_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidSettings) as invalid:
        Settings.load()
    assert says in str(invalid.value)
    assert str(invalid.value).startswith(f"{variable}: ")
    assert "Value error" not in str(invalid.value)


@pytest.mark.parametrize("host", ["gate.example.com", "xn--gte-qla.example", "203.0.113.9", "2001:db8::1", "gate_1"])
def test_names_and_addresses_are_hosts(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("GATEPASS_PUBLIC_HOST", host)
    assert Settings.load().public_host == host


@pytest.mark.parametrize(
    ("variables", "origin"),
    [
        ({}, "https://localhost:8444"),
        ({"GATEPASS_PUBLIC_HOST": "gate.example.com"}, "https://gate.example.com:8444"),
        ({"GATEPASS_WEB_URL": "https://gate.example.com"}, "https://gate.example.com"),
        ({"GATEPASS_WEB_URL": "http://localhost:8444"}, "http://localhost:8444"),
    ],
)
def test_where_the_pages_are(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], origin: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(Settings.load().origin) == origin


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"GATEPASS_WEB_URL": "http://gate.example.com"}, "GATEPASS_WEB_URL: cookies and sign-ins need https"),
        ({"GATEPASS_WEB_URL": "https://gate.example.com/x"}, "GATEPASS_WEB_URL: it has a path"),
        ({"GATEPASS_WEB_CERT": "/c.pem"}, "go together"),
        ({"GATEPASS_WEB_KEY": "/k.pem"}, "go together"),
        (
            {"GATEPASS_WEB_CERT": "/c.pem", "GATEPASS_WEB_KEY": "/k.pem", "GATEPASS_WEB_PROXIES": "10.0.0.1"},
            "GATEPASS_WEB_CERT encrypts here",
        ),
        ({"GATEPASS_WEB_URL": "http://localhost:8444", "GATEPASS_WEB_PROXIES": "10.0.0.1"}, "begins with https://"),
        ({"GATEPASS_WEB_URL": "http://localhost:8444", "GATEPASS_WEB_LISTEN": "0.0.0.0:8444"}, "this machine alone"),
        ({"GATEPASS_WEB_PROXIES": "gate.example.com"}, "GATEPASS_WEB_PROXIES: "),
        ({"GATEPASS_WEB_PROXIES": "10.0.0.1/8"}, "GATEPASS_WEB_PROXIES: "),
    ],
)
def test_pages_that_would_not_be_safe_are_not_served(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], says: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings) as wrong:
        Settings.load()
    assert says in str(wrong.value)
