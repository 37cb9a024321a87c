"""Field selectors: which name a server finds in one. More stand in the corpus of test_info."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.kubernetes.requests import selectors
from proxy.kubernetes.requests.unreadable import Unreadable


@pytest.mark.parametrize(
    ("selector", "name"),
    [
        (None, ""),
        ("", ""),
        (",", ""),
        ("metadata.name=web", "web"),
        ("metadata.name==web", "web"),
        ("metadata.name!=web", ""),
        ("metadata.name=web,metadata.name=web", "web"),
        ("metadata.name!=a,metadata.name=web", "web"),
        ("status.phase=Running,metadata.name=web", "web"),
        ("status.phase=a\\,metadata.name\\=web", ""),
        ("metadata.name=", ""),
        ("metadata.name=.", ""),
        ("metadata.name=..", ""),
        ("metadata.name=a/b", ""),
        ("metadata.name=a%b", ""),
        ("metadata.name=a\\,b\\=c\\\\", "a,b=c\\"),
        ("metadata.name=a!b", "a!b"),
        (" metadata.name=web", ""),
        ("metadata.name= web", " web"),
        ("metadata.name =web", ""),
    ],
)
def test_names(selector: str | None, name: str) -> None:
    assert selectors.name_of(selector) == name


@pytest.mark.parametrize(
    "selector",
    [
        "web",
        "metadata.name",
        "a=b,c",
        "a=b=c",
        "metadata.name==a=b",
        "a=\\b",
        "a=b\\",
        "a=b,\\",
        "metadata.name=a,metadata.name=b",
        "metadata.name=a,metadata.name=",
    ],
)
def test_what_a_server_refuses(selector: str) -> None:
    with pytest.raises(Unreadable, match=r"\.$"):
        selectors.name_of(selector)


@given(st.text(st.sampled_from("abmetadata.name=!,\\"), max_size=30))
def test_anything_else_is_refused(selector: str) -> None:
    with suppress(Unreadable):
        selectors.name_of(selector)
