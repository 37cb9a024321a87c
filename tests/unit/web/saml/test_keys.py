"""Our own key: made once, for its owner alone, and refused where others could have read it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from access.key_folders.unusable import KeyUnusable
from support.identity.saml import keys, our_key
from web.saml.keys import OwnKeys, load_or_make


def test_of_two_who_make_one_at_once_both_have_the_first(tmp_path: Path) -> None:
    path = tmp_path / "saml" / "key.pem"
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(load_or_make, [path, path])
    assert first.certificate == second.certificate
    assert first.private.key_size == 3072
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert load_or_make(path).certificate_text == first.certificate_text


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        (our_key, 0o640, "can be read by others"),
        (lambda: b"x", 0o600, "cannot be used"),
        (lambda: keys("a").key, 0o600, "cannot be used"),
        (lambda: keys("a").key + keys("b").certificate, 0o600, "with its own certificate"),
        (lambda: keys("a", curve=True).key + keys("a", curve=True).certificate, 0o600, "not an RSA key"),
    ],
)
def test_what_is_no_key(tmp_path: Path, content: object, mode: int, why: str) -> None:
    path = tmp_path / "key.pem"
    path.touch()
    path.chmod(mode)
    path.write_bytes(content())  # pyright: ignore[reportCallIssue]
    with pytest.raises(KeyUnusable, match=why):
        load_or_make(path)


def test_a_folder_that_none_can_be_made_in(tmp_path: Path) -> None:
    (tmp_path / "saml").touch()
    with pytest.raises(KeyUnusable, match="cannot be made: Not a directory"):
        load_or_make(tmp_path / "saml" / "key.pem")


async def test_without_a_folder_there_is_none() -> None:
    with pytest.raises(KeyUnusable):
        await OwnKeys.within(None).get()
