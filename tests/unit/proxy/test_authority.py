"""The gateway's own certificate authority: made once, for its owner alone; what was damaged is told."""

import stat
from pathlib import Path

import pytest

from access.key_folders.unusable import KeyUnusable
from proxy.authority import Authority


def test_a_ca_is_made_once_and_its_key_kept_private(tmp_path: Path) -> None:
    made = Authority(tmp_path / "ca")
    assert Authority(tmp_path / "ca").certificate() == made.certificate()
    assert stat.S_IMODE((tmp_path / "ca").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "ca" / "ca-key.pem").stat().st_mode) == 0o600
    made.server_context(["gate.example.com", "203.0.113.9"])


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff\xfe"])
def test_what_is_no_certificate_is_told(tmp_path: Path, content: bytes) -> None:
    made = Authority(tmp_path)
    made.certificate_file.write_bytes(content)
    with pytest.raises(KeyUnusable, match=r"ca\.pem is no certificate\. Put it back from your backup"):
        Authority(tmp_path).certificate()
    with pytest.raises(KeyUnusable, match=r"ca\.pem is no certificate"):
        Authority(tmp_path).server_context(["localhost"])


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff\xfe"])
def test_what_is_no_key_is_told(tmp_path: Path, content: bytes) -> None:
    made = Authority(tmp_path)
    (tmp_path / "ca-key.pem").write_bytes(content)
    with pytest.raises(KeyUnusable, match=r"ca-key\.pem is no private key\. Put it back"):
        made.server_context(["localhost"])


def test_a_key_that_is_gone_or_that_others_may_read_is_told(tmp_path: Path) -> None:
    made = Authority(tmp_path)
    (tmp_path / "ca-key.pem").chmod(0o644)
    with pytest.raises(KeyUnusable, match="can be read by others than its owner"):
        made.server_context(["localhost"])
    (tmp_path / "ca-key.pem").unlink()
    with pytest.raises(KeyUnusable, match=r"ca-key\.pem is missing\. Put it back"):
        made.server_context(["localhost"])
