"""PL/pgSQL by its tokens: what reads no row for certain, and what may. A bypass found once stays here."""

import pytest

from proxy.postgres.sql.code.plpgsql import unproven
from support.cards import is_masked

HARMLESS = (
    "begin perform 1; end",
    "begin perform pg_sleep(20); end",
    "begin raise notice 'executed'; end",
    "begin return new; end",
    "BEGIN New.updated_at := now(); IF tg_op = 'INSERT' THEN RETURN NEW; END IF; RETURN OLD; END",
    "begin n := n + 1; end",
    "begin if (n > 1) and not (n in (2, 3)) then return null; elsif n is distinct from 4 then null; end if; end",
    "declare x int := 1; y numeric(10, 2) not null default 3; begin raise info 'no % %', x, y using hint = 'a'; end",
    "declare t timestamp with time zone; begin t := now() - interval '1 day'; return t::text; end -- done",
    "begin new.updated_at := current_timestamp; return new; end",
    "begin NEW.updated_at = CURRENT_TIMESTAMP(3); new.day = current_date; new.at := localtimestamp; RETURN NEW; end",
    "begin return case when n = 1 then upper('a') else pg_catalog.lower('B') || $1 end; end",
    "begin if old.name is not distinct from new.name then return null; end if; return new; end",
)

#: With the word that stands on no list.
UNPROVEN = (
    ("begin select cvv into x from cards; end", "select"),
    ("begin return (table cards); end", "table"),
    ("begin return x from cards; end", "x"),
    ("begin return n from cards; end", "from"),
    ("begin return n is distinct from cards; end", "cards"),
    ("begin return n distinct from cards; end", "distinct"),
    ("declare r record; begin end", "record"),
    ("declare r cards; begin end", "cards"),
    ("declare r cards.cvv%type; begin end", "cards"),
    ("declare c refcursor := 'c'; begin end", "refcursor"),
    ("declare c cursor for select 1; begin end", "cursor"),
    ("declare new int; begin end", "new"),
    ("declare begin x", "x"),
    ("begin fetch c into n; end", "fetch"),
    ("begin move next from c; end", "move"),
    ("begin execute 'select 1'; end", "execute"),
    ("begin for n in 1..3 loop null; end loop; end", "for"),
    ("begin return query execute 'x'; end", "query"),
    ("begin call p(); end", "call"),
    ("begin return g(); end", "g"),
    ("begin return app.upper('x'); end", "app"),
    ("begin return pg_catalog.pg_read_file('x'); end", "pg_read_file"),
    ("begin return is(n); end", "is"),
    ("begin return n(1); end", "n"),
    ("begin return n.f; end", "."),
    ("begin return new.f(1); end", "f"),
    ("begin return new.cvv; end", "cvv"),
    ("begin new.cvv := current_timestamp; return new; end", "cvv"),
    ("begin return current_timestamp from cards; end", "from"),
    ("begin return app.current_timestamp; end", "app"),
    ("begin return new.current_timestamp(1); end", "current_timestamp"),
    ("begin return current_user; end", "current_user"),
    ("declare current_timestamp text; begin return 1; end", "current_timestamp"),
    ('begin return new."CVV"; end', '"cvv"'),
    ("begin return new::text; end", "new"),
    ("begin return (new); end", "new"),
    ("begin return upper(new); end", "new"),
    ("begin return new.*; end", "*"),
    ("begin return 'cards'::regclass; end", "regclass"),
    ("begin return regclass 'cards'; end", "regclass"),
    ("begin return n operator(app.+) 1; end", "operator"),
    ('begin return U&"\\0067"(); end', "\\"),
    ("begin <<l>> null; end", "<<"),
    ("#variable_conflict use_column begin return n; end", "variable_conflict"),
    ("begin return 'a; end", "PL/pgSQL"),
    ("declare x int", "declare"),
)


@pytest.mark.parametrize("body", HARMLESS)
def test_it_reads_no_row(body: str) -> None:
    assert unproven(body, frozenset({"n"}), is_masked) is None


@pytest.mark.parametrize(("body", "word"), UNPROVEN, ids=[body for body, _ in UNPROVEN])
def test_it_may_read_some(body: str, word: str) -> None:
    assert unproven(body, frozenset({"n"}), is_masked) == word


@pytest.mark.parametrize("word", ["old", "open", "query", "update", "table", "perform"])
def test_no_variable_is_called_like_a_word_of_a_language(word: str) -> None:
    """A statement that begins with it would pass: `update cards set holder = cvv`."""
    assert unproven("begin return 1; end", frozenset({word}), is_masked) == word
    assert unproven(f"declare {word} text; begin return 1; end", frozenset(), is_masked) == word
