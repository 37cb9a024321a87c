"""Settings: which decide, which hold a secret or a command, and which values are words."""

import pytest

from proxy.showing.literals.settings import decides, is_command, is_plausible, is_secret


@pytest.mark.parametrize("name", ["search_path", "Role", "archive_library", "plperl.on_init"])
def test_what_decides(name: str) -> None:
    assert decides(name)


@pytest.mark.parametrize("name", ["app.tenant", "application_name"])
def test_what_is_data(name: str) -> None:
    assert not decides(name)


@pytest.mark.parametrize("name", ["app.token", "primary_conninfo", "PASSWORD", "secret_key", "app.pwd", "sslpassword"])
def test_what_is_a_secret(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["password_encryption", "ssl_passphrase_command", "search_path", "ssl_key_file"])
def test_what_is_none(name: str) -> None:
    assert not is_secret(name)


def test_what_is_a_command() -> None:
    assert is_command("Archive_Command")
    assert not is_command("archive_mode")


@pytest.mark.parametrize(
    "value", ["", "on", '"$user", public', "64 MB", "Europe/Berlin", "ISO, DMY", "/var/lib/x", "%m [%p] ", "\\N", "'"]
)
def test_words_are_shown(value: str) -> None:
    assert is_plausible(value)


@pytest.mark.parametrize("value", ["123456789", "a@b.example", "x" * 257, "a\nb", "a\u202eb", "4111 1111 1111 1111"])
def test_other_values_are_not(value: str) -> None:
    assert not is_plausible(value)
