"""Types: how the values of a database's own types are put together, as pg_type says. Pure.

PostgreSQL's own ranges are known; everything else is fetched when it first turns up in a result. What pg_type does not
show (another transaction made it, and has not committed) is missing, and its values are of unknown shape.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from proxy.postgres.protocol.values import DATE, INT4, INT8, NUMERIC, TIMESTAMP, TIMESTAMPTZ

#: OIDs below are PostgreSQL's own objects (FirstNormalObjectId).
FIRST_USER_OID = 16_384


class Shape(Enum):
    """What a value is made of; the letters are `typtype`'s, but for arrays, which are base types there."""

    ARRAY = "a"
    BASE = "b"
    COMPOSITE = "c"
    DOMAIN = "d"
    ENUM = "e"
    MULTIRANGE = "m"
    PSEUDO = "p"
    RANGE = "r"


@dataclass(frozen=True)
class TypeFacts:
    """One type: of which other it is made, and how the attributes of a composite one are called, in order."""

    shape: Shape
    #: An array's elements, a domain's base, a range's bounds, a multirange's ranges; else 0.
    inner: int = 0
    attributes: tuple[str, ...] = ()


#: Range -> what its bounds are, and multirange -> range, with the arrays of both (pg_type.dat, pg_range.dat).
_RANGES = {3904: INT4, 3906: NUMERIC, 3908: TIMESTAMP, 3910: TIMESTAMPTZ, 3912: DATE, 3926: INT8}
_MULTIRANGES = {4451: 3904, 4532: 3906, 4533: 3908, 4534: 3910, 4535: 3912, 4536: 3926}
_ARRAYS = {
    3905: 3904,
    3907: 3906,
    3909: 3908,
    3911: 3910,
    3913: 3912,
    3927: 3926,
    6150: 4451,
    6151: 4532,
    6152: 4533,
    6153: 4534,
    6155: 4535,
    6157: 4536,
    # Those of point, lseg, path, box, polygon, line and circle.
    1017: 600,
    1018: 601,
    1019: 602,
    1020: 603,
    1027: 604,
    629: 628,
    719: 718,
}
BUILT_IN = (
    {oid: TypeFacts(Shape.RANGE, inner) for oid, inner in _RANGES.items()}
    | {oid: TypeFacts(Shape.MULTIRANGE, inner) for oid, inner in _MULTIRANGES.items()}
    | {oid: TypeFacts(Shape.ARRAY, inner) for oid, inner in _ARRAYS.items()}
)

_SQL = """
begin; set local search_path = pg_catalog;
with recursive found(oid) as (
    select unnest('{{{oids}}}'::oid[])
    union
    select made.oid from found join pg_type t on t.oid = found.oid, lateral (
        select t.typelem union all select t.typbasetype
        union all select (to_jsonb(r) ->> 'rngsubtype')::oid from pg_range r where r.rngtypid = t.oid
        union all select r.rngtypid from pg_range r where (to_jsonb(r) ->> 'rngmultitypid')::oid = t.oid
        union all select a.atttypid from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0
    ) made(oid) where made.oid >= {first}
)
select t.oid, case when t.typinput = 'array_in'::regproc then 'a' else t.typtype end,
    case t.typtype when 'd' then t.typbasetype
        when 'r' then (select r.rngsubtype from pg_range r where r.rngtypid = t.oid)
        when 'm' then (select r.rngtypid from pg_range r where (to_jsonb(r) ->> 'rngmultitypid')::oid = t.oid)
        else case when t.typinput = 'array_in'::regproc then t.typelem else 0 end end,
    coalesce((select string_agg(encode(convert_to(a.attname::text, 'UTF8'), 'hex'), ',' order by a.attnum)
        from pg_attribute a
        where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped), '')
from pg_type t join found on found.oid = t.oid; commit
"""


class Types:
    """One session's."""

    def __init__(self) -> None:
        self._known: dict[int, TypeFacts] = dict(BUILT_IN)
        self._missing: set[int] = set()

    def get(self, oid: int) -> TypeFacts | None:
        return self._known.get(oid)

    def missing(self, oids: Iterable[int]) -> list[int]:
        """Those to ask for; PostgreSQL's own are known one by one, or of unknown shape."""
        return sorted({oid for oid in oids if oid >= FIRST_USER_OID} - self._known.keys() - self._missing)

    @staticmethod
    def sql(oids: Sequence[int]) -> str:
        """Asks for these types, and for all that they are made of."""
        return _SQL.format(oids=",".join(map(str, oids)), first=FIRST_USER_OID)

    def learn(self, asked: Iterable[int], rows: Iterable[Sequence[str]]) -> None:
        """What `sql` answered; what was asked for and is not in it stays unknown until `forget`."""
        for oid, shape, inner, attributes in rows:
            names = tuple(bytes.fromhex(name).decode() for name in attributes.split(",")) if attributes else ()
            self._known[int(oid)] = TypeFacts(Shape(shape), int(inner), names)
        self._missing.update(oid for oid in asked if oid not in self._known)

    def forget(self) -> None:
        """Types may have been made or changed."""
        self._known = dict(BUILT_IN)
        self._missing.clear()
