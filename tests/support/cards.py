"""A database with masked columns, all called cvv, and views that show one in every way; SCHEMA makes it."""

#: What must never come out, by whatever way.
SECRETS = ("Zq7vK2mXw9", "Tb4nR8sLp3")
SCHEMA = f"""
CREATE TABLE cards (id int PRIMARY KEY, holder text, gone text, cvv text UNIQUE);
ALTER TABLE cards DROP COLUMN gone;
INSERT INTO cards VALUES (1, 'Ada', '{SECRETS[0]}'), (2, 'Grace', '{SECRETS[1]}'), (3, 'Linus', NULL);
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace'), (4, 'Guido');
CREATE VIEW plain_view AS SELECT id, cvv AS code FROM cards;
CREATE VIEW nested_view AS SELECT code AS x FROM plain_view;
CREATE VIEW piece_view AS SELECT substr(y, 1, 1) AS first FROM (SELECT cvv AS y FROM cards) c;
CREATE VIEW union_view AS SELECT name FROM users UNION SELECT cvv FROM cards;
CREATE VIEW users_view AS SELECT name FROM users;
CREATE FUNCTION g() RETURNS SETOF cards LANGUAGE sql AS 'SELECT * FROM cards';
CREATE TABLE other (id int, cvv text);
INSERT INTO other VALUES (1, '{SECRETS[0]}');
CREATE TABLE log (id int, name text);
CREATE TABLE archive (id int, old cards);
INSERT INTO archive SELECT id, c FROM cards c;
CREATE TABLE "Odd Cards" (id int, cvv text);
INSERT INTO "Odd Cards" VALUES (1, '{SECRETS[1]}');
CREATE TYPE wrapped AS (n int, cvv text);
CREATE FUNCTION w() RETURNS SETOF wrapped LANGUAGE sql AS 'SELECT id, cvv FROM cards';
CREATE FUNCTION f(anyelement) RETURNS text LANGUAGE sql AS 'SELECT quote_literal($1)';
CREATE PROCEDURE p(text) LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', $1; END';
CREATE SCHEMA hidden;
CREATE TABLE hidden.people (id int, cvv text);
INSERT INTO hidden.people VALUES (1, '{SECRETS[0]}');
"""  # noqa: S608 - constants


def is_masked(name: str) -> bool:
    return name == "cvv"


COLUMNS = [
    ("20000", "public", "cards", "1", "id"),
    ("20000", "public", "cards", "2", "holder"),
    ("20000", "public", "cards", "4", "cvv"),
    ("20001", "public", "users", "1", "id"),
    ("20001", "public", "users", "2", "name"),
    ("20002", "public", "plain_view", "1", "id", "v", "0"),
    ("20002", "public", "plain_view", "2", "code", "v", "0"),
    ("20003", "public", "nested_view", "1", "x", "v", "0"),
    ("20004", "public", "piece_view", "1", "first", "v", "0"),
    ("20005", "public", "union_view", "1", "name", "v", "0"),
    ("20006", "public", "users_view", "1", "name", "v", "0"),
    ("20007", "public", "other", "1", "id"),
    ("20007", "public", "other", "2", "cvv"),
    ("20008", "public", "log", "1", "id"),
    ("20008", "public", "log", "2", "name"),
    ("20009", "public", "archive", "1", "id", "r", "0"),
    ("20009", "public", "archive", "2", "old", "r", "20000"),
    ("20010", "public", "Odd Cards", "1", "id"),
    ("20010", "public", "Odd Cards", "2", "cvv"),
    ("20012", "hidden", "people", "1", "id"),
    ("20012", "hidden", "people", "2", "cvv"),
    ("20011", "public", "wrapped", "1", "n", "c", "0"),
    ("20011", "public", "wrapped", "2", "cvv", "c", "0"),
]
VIEWS = [
    ("20003", "SELECT plain_view.code AS x FROM plain_view;"),
    ("20002", "SELECT cards.id, cards.cvv AS code FROM cards;"),
    ("20004", "SELECT substr(c.y, 1, 1) AS first FROM (SELECT cards.cvv AS y FROM cards) c;"),
    ("20005", "SELECT users.name FROM users UNION SELECT cards.cvv FROM cards;"),
    ("20006", "SELECT users.name FROM users;"),
]
#: g() gives rows of cards, w() of the type wrapped.
FUNCTIONS = [
    *(("21000", "public", "g", "20000", name) for name in ("id", "holder", "cvv")),
    *(("21001", "public", "w", "20011", name) for name in ("n", "cvv")),
]
SYSTEM = [
    ("1259", "pg_catalog", "pg_class", "oid relname relnamespace relkind reltuples relpages relowner", "r"),
    ("1249", "pg_catalog", "pg_attribute", "attrelid attname atttypid attnum attnotnull attisdropped", "r"),
    ("2615", "pg_catalog", "pg_namespace", "oid nspname nspowner nspacl", "r"),
    ("13000", "information_schema", "columns", "table_schema table_name column_name data_type", "v"),
]
