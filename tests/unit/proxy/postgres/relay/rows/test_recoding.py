"""What may change the encoding of a COPY behind it in the same batch."""

import pytest

from proxy.postgres.relay.rows.recoding import may_recode
from proxy.postgres.sql.texts.query import QueryAnalyser


@pytest.mark.parametrize(
    ("sql", "may"),
    [
        ("set client_encoding = 'SJIS'", True),
        ("set names 'SJIS'", True),
        ("reset all", True),
        ("discard all", True),
        ("select set_config('client_encoding', 'SJIS', false)", True),
        ("select own_function()", True),
        ("call p()", True),
        ("do $$ begin null; end $$", True),
        ("update pg_settings set setting = 'SJIS'", True),
        ("set search_path = a", False),
        ("begin", False),
        ("select upper(name) from users", False),
    ],
)
def test_what_may(sql: str, *, may: bool) -> None:
    analysis = QueryAnalyser(lambda _: False).analyse(sql.encode())
    assert may_recode(analysis, b"SET\0") is may


def test_the_end_of_a_transaction_takes_settings_back() -> None:
    analysis = QueryAnalyser(lambda _: False).analyse(b"commit")
    assert may_recode(analysis, b"ROLLBACK\0")
    assert not may_recode(analysis, b"COMMIT\0")
