"""Where a browser may be sent."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.door.paths import is_ours

HERE = "https://gate.example.com/sign-in/corp/callback"


@pytest.mark.parametrize("path", ["/", "/grants/1?a=b&c=%20", "/a/../b", "/@x", "/:x"])
def test_pages_of_ours(path: str) -> None:
    assert is_ours(path)


@pytest.mark.parametrize(
    "path", ["", "//x", "/\\x", "https://x", "x", "/a b", "/\tx", "/ü", "/" + "a" * 512, "/#x", "/\nx"]
)
def test_what_is_not(path: str) -> None:
    assert not is_ours(path)


@given(st.text(alphabet="/\\:@.?#%09\t\r\n evilhtps", max_size=20))
def test_no_path_of_ours_leads_elsewhere(path: str) -> None:
    if is_ours(path):
        assert urlsplit(urljoin(HERE, path)).netloc == "gate.example.com"
