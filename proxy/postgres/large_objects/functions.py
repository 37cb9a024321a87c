"""The functions of large objects that clients call by their OID: what a call says, as values, SQL and shown text. Pure.

libpq's lo_* functions, psql's \\lo_import and \\lo_export, pg_dump and the drivers' large objects come as such calls. A
call is judged as the SQL that calls the same function with the same values. What is no such call is refused: any other
function, arguments in text, NULL, values of another length.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from proxy.postgres.protocol.frames import MAX_MESSAGE_BYTES
from proxy.postgres.protocol.function_calls import FunctionCall
from proxy.postgres.protocol.messages import BINARY
from proxy.postgres.protocol.values import BYTEA, INT4, INT8, OID
from proxy.showing.values import shown_number

#: Bytes of each type in binary; of bytea any number.
_SIZES = {INT4: 4, INT8: 8, OID: 4}
#: One loread may ask for this much: its answer is one message.
MAX_READ_BYTES = MAX_MESSAGE_BYTES - 64 * 1024
#: More is hashed in a thread, so that other sessions go on.
HASHED_ASIDE_BYTES = 32 * 1024
#: Less is shown by its length alone: so little could be guessed from its hash.
HASHED_FROM_BYTES = 64


class Function(NamedTuple):
    """A function of PostgreSQL's own; types are OIDs of pg_type."""

    name: str
    arguments: tuple[int, ...]
    result: int


#: By their OIDs, which are the same on every server (pg_proc.dat).
FUNCTIONS: Mapping[int, Function] = {
    715: Function("lo_create", (OID,), OID),
    952: Function("lo_open", (OID, INT4), INT4),
    953: Function("lo_close", (INT4,), INT4),
    954: Function("loread", (INT4, INT4), BYTEA),
    955: Function("lowrite", (INT4, BYTEA), INT4),
    956: Function("lo_lseek", (INT4, INT4, INT4), INT4),
    957: Function("lo_creat", (INT4,), OID),
    958: Function("lo_tell", (INT4,), INT4),
    964: Function("lo_unlink", (OID,), INT4),
    1004: Function("lo_truncate", (INT4, INT4), INT4),
    3170: Function("lo_lseek64", (INT4, INT8, INT4), INT8),
    3171: Function("lo_tell64", (INT4,), INT8),
    3172: Function("lo_truncate64", (INT4, INT8), INT4),
}
LOREAD, LO_LSEEK64, LO_TELL64 = 954, 3170, 3171

_OTHER_FUNCTION = (
    "Gatepass relays function-call messages of large objects alone (lo_open, loread and their kin). Call the function "
    "with SELECT."
)
_NOT_BINARY = "Gatepass reads function-call messages with arguments and result in binary, as libpq sends them."
_OTHER_ARGUMENTS = "{} does not take these arguments in a function-call message."
_TOO_MUCH = f"One loread through Gatepass reads {MAX_READ_BYTES} bytes at most. Read the object in smaller parts."


class NotRelayed(Exception):
    """A function call that is refused whatever the role's rules say; a sentence for the person."""


@dataclass(frozen=True)
class ObjectCall:
    """A call of one of FUNCTIONS, with its arguments by their types."""

    oid: int
    values: tuple[int | bytes, ...]

    @property
    def function(self) -> Function:
        return FUNCTIONS[self.oid]

    @property
    def is_read(self) -> bool:
        """Whether it gives the client what an object holds."""
        return self.oid == LOREAD

    @property
    def data_bytes(self) -> int:
        """How many bytes it brings."""
        return sum(len(each) for each in self.values if isinstance(each, bytes))

    def sql(self) -> bytes:
        """The statement that does the same; data stands in it as parameters."""
        return self._text([str(each) if isinstance(each, int) else "$1" for each in self.values]).encode()

    def shown(self) -> str:
        """That statement as people are shown it: identifiers, descriptors and sizes whole, data by length and hash."""
        types = self.function.arguments
        data = [each for each in self.values if isinstance(each, bytes)]
        shown = ["$1" if isinstance(each, bytes) else _number(each, kind) for each, kind in self._typed(types)]
        return "\n".join([self._text(shown), *(f"$1 = {shown_data(each)} (bytea)" for each in data)])

    def _typed(self, types: tuple[int, ...]) -> list[tuple[int | bytes, int]]:
        return list(zip(self.values, types, strict=True))

    def _text(self, arguments: list[str]) -> str:
        return f"select pg_catalog.{self.function.name}({', '.join(arguments)})"


def read_call(call: FunctionCall) -> ObjectCall:
    """What a FunctionCall asks for. Raises NotRelayed."""
    function = FUNCTIONS.get(call.function)
    if function is None:
        raise NotRelayed(_OTHER_FUNCTION)
    if {call.result_format, *(each.format for each in call.arguments)} != {BINARY}:
        raise NotRelayed(_NOT_BINARY)
    if len(call.arguments) != len(function.arguments):
        raise NotRelayed(_OTHER_ARGUMENTS.format(function.name))
    values: list[int | bytes] = []
    for argument, kind in zip(call.arguments, function.arguments, strict=True):
        value = argument.value
        if value is None or len(value) != _SIZES.get(kind, len(value)):
            raise NotRelayed(_OTHER_ARGUMENTS.format(function.name))
        values.append(value if kind == BYTEA else _decoded(value, kind))
    found = ObjectCall(call.function, tuple(values))
    if found.is_read and isinstance(values[1], int) and values[1] > MAX_READ_BYTES:
        raise NotRelayed(_TOO_MUCH)
    return found


def result_of(call: ObjectCall, value: bytes | None) -> int | bytes | None:
    """The result by the function's type; None where it is no value of that type."""
    kind = call.function.result
    if value is None or len(value) != _SIZES.get(kind, len(value)):
        return None
    return value if kind == BYTEA else _decoded(value, kind)


def encoded(oid: int, *values: int) -> list[bytes]:
    """Arguments of one of FUNCTIONS in binary."""
    return [
        value.to_bytes(_SIZES[kind], "big", signed=kind != OID)
        for value, kind in zip(values, FUNCTIONS[oid].arguments, strict=True)
    ]


def shown_data(data: bytes) -> str:
    """By length, and hash from HASHED_FROM_BYTES on."""
    if len(data) < HASHED_FROM_BYTES:
        return f"‹{len(data)} bytes›"
    return f"‹{len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}›"


def _decoded(value: bytes, kind: int) -> int:
    return int.from_bytes(value, "big", signed=kind != OID)


def _number(value: int | bytes, kind: int) -> str:
    """Whole up to 32 bits, which hold no card number; a longer one as any number in SQL."""
    return shown_number(str(value)) if kind == INT8 else str(value)
