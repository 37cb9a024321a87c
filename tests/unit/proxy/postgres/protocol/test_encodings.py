"""Client encodings: those in which an ASCII byte can be half of a character are not readable."""

import pytest

from proxy.postgres.protocol.encodings import is_readable


@pytest.mark.parametrize("name", ["UTF8", "utf-8", "Unicode", "SQL_ASCII", "LATIN1", "iso_8859_5", "WIN1252", "EUC_JP"])
def test_readable(name: str) -> None:
    assert is_readable(name)


@pytest.mark.parametrize(
    "name", ["SJIS", "SHIFT_JIS_2004", "BIG5", "GBK", "GB18030", "JOHAB", "UHC", "", "utf16", "latin11"]
)
def test_not_readable(name: str) -> None:
    assert not is_readable(name)


def test_an_encoding_is_readable_only_if_ascii_stays_ascii() -> None:
    """The rule itself, for those that Python has too: no ASCII byte within a longer character."""
    for postgres, python in {"EUC_JP": "euc_jp", "EUC_KR": "euc_kr", "EUC_CN": "gb2312", "KOI8R": "koi8_r"}.items():
        characters = [chr(code) for code in range(0x80, 0xFFFF) if not 0xD800 <= code < 0xE000]
        encoded = [char.encode(python, "ignore") for char in characters]
        assert is_readable(postgres)
        assert all(byte >= 0x80 for value in encoded if len(value) > 1 for byte in value)
