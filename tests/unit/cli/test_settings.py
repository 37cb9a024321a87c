"""Settings come from the documented variables and from no others."""

import re
from pathlib import Path

import pytest

from cli.settings import InvalidSettings, Settings

ROOT = Path(__file__).parents[3]
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
    value = {"GATEPASS_LOG_FORMAT": "json"}.get(variable, "1234" if "PORT" in variable else "127.0.0.1:1234")
    before = Settings.load()
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
