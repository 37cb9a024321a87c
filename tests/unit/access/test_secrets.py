"""Secrets by reference; an error names the reference and never a value."""

from pathlib import Path

import pytest

from access.secrets import LARGEST_SECRET_BYTES, NoSecret, resolve


async def test_a_variable_and_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GATEPASS_TEST_SECRET", "hunter2")
    assert (await resolve("env:GATEPASS_TEST_SECRET")).get_secret_value() == "hunter2"
    (tmp_path / "secret").write_text("hunter2\r\n")
    (tmp_path / "secret").chmod(0o600)
    secret = await resolve(f"file:{tmp_path}/secret")
    assert secret.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(secret)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        (b"", "empty or too large"),
        (b"x" * (LARGEST_SECRET_BYTES + 1), "empty or too large"),
        (b"hunter2\xff", "is not text"),
    ],
)
async def test_a_file_that_is_no_secret_is_named_and_not_shown(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
        (tmp_path / "secret").chmod(0o600)
    with pytest.raises(NoSecret, match=says) as fault:
        await resolve(f"file:{tmp_path}/secret")
    assert f"file:{tmp_path}/secret" in str(fault.value)
    assert "hunter2" not in str(fault.value)


@pytest.mark.parametrize("reference", ["env:GATEPASS_TEST_NOT_SET", "vault:hunter2", "hunter2:"])
async def test_what_cannot_be_resolved_is_refused(reference: str) -> None:
    with pytest.raises(NoSecret):
        await resolve(reference)


@pytest.mark.finding("L6")
@pytest.mark.parametrize("mode", [0o604, 0o644, 0o602, 0o620, 0o660, 0o601, 0o666])
async def test_a_secret_that_is_open_to_others_is_not_used(tmp_path: Path, mode: int) -> None:
    (tmp_path / "secret").write_text("hunter2")
    (tmp_path / "secret").chmod(mode)
    with pytest.raises(NoSecret, match=f"mode {mode:04o}") as fault:
        await resolve(f"file:{tmp_path}/secret")
    assert "hunter2" not in str(fault.value)


@pytest.mark.finding("L6")
@pytest.mark.parametrize("mode", [0o400, 0o600, 0o440, 0o640])
async def test_a_secret_may_be_read_by_its_group(tmp_path: Path, mode: int) -> None:
    (tmp_path / "secret").write_text("hunter2")
    (tmp_path / "secret").chmod(mode)
    assert (await resolve(f"file:{tmp_path}/secret")).get_secret_value() == "hunter2"
