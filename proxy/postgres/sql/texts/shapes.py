"""Shapes: a text with its values taken out, so that texts which differ in values alone share one analysis. Pure.

Theory of operation
-------------------

Programs that write values into their SQL send a new text each time, and parsing is the costly part. An analysis
(labels, general text, refusal, EXECUTE and PREPARE) does not depend on the values, so it is remembered under
the text's shape: each string becomes a null byte, each whole number becomes `0`, and a null byte closes the shape.

    update t set note = 'paid' where id = 4711      ->  update t set note = \\0 where id = 0\\0
    update t set note = 'it is late' where id = 9   ->  the same shape: analysed once, found the second time

    select 'a'; drop table t                        ->  select \\0; drop table t\\0     another shape than select 'a'
    select E'it\\'s'                                 ->  no shape: remembered by its whole text

Two texts with one shape must be the same statements but for literals. That is so for these reasons:

1. *The cut is where PostgreSQL's lexer cuts.* What could make a quote or a digit mean something else takes the shape
   away (`_INTRICATE`): a backslash (escapes, and the two readings of standard_conforming_strings), a double quote
   (names), a dollar (dollar quotes, parameters), comments, U&'…', and any byte above ASCII. In what is left a quote
   opens a string or closes it and nothing else. A doubled quote inside a string makes two null bytes side by side,
   which nothing else does. Prefixes (E, B, X, N) stay in the shape.
2. *A number is one only when it stands alone.* Digits beside a letter, an underscore or a dot stay as they are, so `a1`
   and `a2`, `1.5` and `1.6`, `0x1F` and `1e3` keep shapes of their own.
3. *Bad texts do not meet good ones.* A text with an open quote keeps that quote in its shape; a text that parses has
   none left. What cannot be parsed is remembered by its whole text only.
4. *Shapes do not meet texts.* Both are keys of one memory; a shape ends in a null byte, which no query string of the
   protocol can hold.
5. *Only statements that mean the same whatever their literals are* are shared (`SHARING` in proxy/showing/sql.py):
   SELECT, INSERT, UPDATE and DELETE, if no function in them takes SQL, a file, a setting or a name as text. In others
   a literal decides what happens: COPY … TO '/etc/passwd', EXPLAIN (ANALYZE 0), DO 'select cvv', SET, query_to_xml.
   Nor are those in which a number stands for a column: ORDER BY 2. Nothing else that is refused for masked columns is
   refused for a literal of these four.

The general text of a shared analysis shows each literal by its type alone, as `‹text›`, `‹number›` or `‹bits›`:
`update t set note = ‹text› where id = ‹number›`. That is what a session records of a statement that is allowed. What is
held or denied is analysed again by itself (`QueryAnalyser.exactly`), for the exact text that people decide on.
The rules see labels and never literals, so sharing hides nothing from them. The catalogue of masked columns is part of
what an analysis depends on: with another one, all is forgotten.
"""

import re

#: Longer texts are analysed anew each time.
MAX_REMEMBERED_SQL_BYTES = 4 * 1024

#: Shared shapes are for texts in which a quote can only be a quote, and a digit only a number or a name's.
_INTRICATE = re.compile(rb"""[\\"$\x80-\xff]|--|/\*|&'""")
_STRING = re.compile(rb"'[^']*'")
_NUMBER = re.compile(rb"(?<![\w.])\d+(?![\w.])")


def shape_of(sql: bytes) -> bytes | None:
    """The text with its values taken out, or None if telling them apart takes a lexer."""
    if len(sql) > MAX_REMEMBERED_SQL_BYTES or _INTRICATE.search(sql):
        return None
    # A null byte, which no query string holds, keeps shapes apart from texts.
    return _NUMBER.sub(b"0", _STRING.sub(b"\0", sql) if b"'" in sql else sql) + b"\0"
