"""Upstream secrets by reference; an error names the reference and never a value."""

from pathlib import Path

import pytest

from proxy.credentials import LARGEST_SECRET_BYTES, resolve
from proxy.errors import UpstreamFault


async def test_a_variable_and_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GATEPASS_TEST_SECRET", "hunter2")
    assert (await resolve("env:GATEPASS_TEST_SECRET")).get_secret_value() == "hunter2"
    (tmp_path / "secret").write_text("hunter2\r\n")
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
    with pytest.raises(UpstreamFault, match=says) as fault:
        await resolve(f"file:{tmp_path}/secret")
    assert f"file:{tmp_path}/secret" in str(fault.value)
    assert "hunter2" not in str(fault.value)


@pytest.mark.parametrize("reference", ["env:GATEPASS_TEST_NOT_SET", "vault:hunter2", "hunter2:"])
async def test_what_cannot_be_resolved_is_refused(reference: str) -> None:
    with pytest.raises(UpstreamFault):
        await resolve(reference)
