"""A database with one masked column, cards.cvv, and views that show it in every way."""


def is_masked(name: str) -> bool:
    return name == "cvv"


COLUMNS = [
    ("20000", "public", "cards", "1", "id"),
    ("20000", "public", "cards", "2", "holder"),
    ("20000", "public", "cards", "4", "cvv"),
    ("20001", "public", "users", "1", "id"),
    ("20001", "public", "users", "2", "name"),
    ("20002", "public", "plain_view", "1", "id"),
    ("20002", "public", "plain_view", "2", "code"),
    ("20003", "public", "nested_view", "1", "x"),
    ("20004", "public", "piece_view", "1", "first"),
    ("20005", "public", "union_view", "1", "name"),
    ("20006", "public", "users_view", "1", "name"),
]
VIEWS = [
    ("20003", "SELECT plain_view.code AS x FROM plain_view;"),
    ("20002", "SELECT cards.id, cards.cvv AS code FROM cards;"),
    ("20004", "SELECT substr(c.y, 1, 1) AS first FROM (SELECT cards.cvv AS y FROM cards) c;"),
    ("20005", "SELECT users.name FROM users UNION SELECT cards.cvv FROM cards;"),
    ("20006", "SELECT users.name FROM users;"),
]
