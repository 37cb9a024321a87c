"""Answers: what comes back from the upstream, masked, recorded, and handed on in its order. No I/O but the recording's.

Everything that can carry data is looked at: rows, COPY, errors and their details, notices, notifications, parameters.
What is not recognised ends the session. Nothing is handed on that is not recorded.
"""

import functools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from proxy.errors import PolicyFault
from proxy.pieces import copied
from proxy.postgres.large_objects.functions import result_of
from proxy.postgres.protocol import messages
from proxy.postgres.protocol.encodings import is_readable
from proxy.postgres.protocol.frames import Frame, FrameReader, ProtocolViolation
from proxy.postgres.protocol.function_calls import read_function_result
from proxy.postgres.protocol.messages import Column
from proxy.postgres.protocol.parameters import read_parameter_description
from proxy.postgres.relay.judging.questions import take_answer
from proxy.postgres.relay.masked_columns import MaskedColumns
from proxy.postgres.relay.rows.copied_rows import CopyMasker
from proxy.postgres.relay.rows.lines import Lines
from proxy.postgres.relay.rows.recoding import RECODED, may_recode
from proxy.postgres.relay.rows.rows import RowMasker, cut
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.postgres.relay.state.pending_reply import Kind, Question
from proxy.postgres.relay.words import Words
from proxy.sessions.session import LiveSession
from proxy.showing.values import shown_number

#: A longer message is masked in a thread: a message is looked at as a whole, and all others would wait for it.
MAX_INLINE_BYTES = 32 * 1024

#: RowDescriptions to remember.
MAX_DESCRIPTIONS = 500

_Masked = TypeVar("_Masked")


class Answers:
    """Takes the upstream's bytes, gives the client's."""

    def __init__(
        self,
        session: LiveSession,
        masked_columns: MaskedColumns,
        state: ConnectionState,
        pin: Callable[[int], None],
    ) -> None:
        self._session = session
        self._masked_columns = masked_columns
        self._state = state
        self._reader = FrameReader(pin=pin)
        #: Columns of unknown origin: nothing goes on until the catalogue has been refreshed and `resume` called.
        self.needs: tuple[Column, ...] | None = None
        #: What a long message needs masked, in a thread so that other sessions go on: nothing goes on until this was
        #: called there, and `resume` and `catch_up` after it.
        self.aside: Callable[[], None] | None = None
        self._done_aside: list[Any] = []
        self._stopped: tuple[bytes, list[Frame]] = (b"", [])
        self._backlog: deque[bytes] = deque()
        #: The upstream said why it closes the connection, so the client knows.
        self.sent_fatal = False
        #: While a COPY comes out.
        self._copy: CopyMasker | None = None
        #: Something has run since the last ReadyForQuery that may have changed client_encoding, which the server tells
        #: of with the next one.
        self._may_be_recoded = False
        self._columns_recorded: tuple[Column, ...] | None = None
        #: RowDescriptions that were read, by their payload: clients ask the same again and again.
        self._descriptions: dict[bytes, tuple[Column, ...]] = {}
        self._masker: tuple[tuple[Column, ...], int, RowMasker] | None = None
        self._lines = Lines(session.recorder)
        self._words = Words(session.masker, masked_columns)
        self._handlers = {
            ord("T"): self._row_description,
            ord("t"): self._parameter_description,
            ord("n"): self._no_data,
            ord("C"): self._command_complete,
            ord("I"): self._done,
            ord("s"): self._done,
            ord("Z"): self._ready,
            ord("1"): self._parse_complete,
            ord("2"): self._bind_complete,
            ord("3"): self._close_complete,
            ord("E"): self._error,
            ord("N"): self._notice,
            ord("A"): self._notification,
            ord("S"): self._parameter_status,
            ord("V"): self._returned,
            ord("G"): self._copy_in,
            ord("H"): self._copy_out,
            ord("c"): self._copy_done,
        }

    def take(self, data: bytes) -> bytes:
        """Bytes from the upstream; returns bytes for the client.

        Raises ProtocolViolation for what PostgreSQL would not say, and PolicyFault or RecorderFailed.
        """
        if self.waits or self._reader.unfinished > MAX_INLINE_BYTES:
            self._backlog.append(data)
            return b"".join(self._caught_up())
        return self._handle(*self._reader.feed(data))

    def _caught_up(self) -> Iterator[bytes]:
        """What comes of the backlog, unless something waits. A long message is taken apart from what follows it, for
        each of its copies takes longer than others should wait."""
        while self._backlog and not self.waits:
            data = self._backlog.popleft()
            missing = self._reader.missing
            if self._reader.unfinished > MAX_INLINE_BYTES and missing < len(data):
                self._backlog.appendleft(data[missing:])
                data = data[:missing]
            yield self._handle(*self._reader.feed(data))

    @property
    def waits(self) -> bool:
        """For the catalogue, or for what is masked aside."""
        return self.needs is not None or self.aside is not None

    def resume(self) -> bytes:
        """Go on where unknown columns or a long message stopped it; `catch_up` comes next."""
        self.needs = self.aside = None
        stopped, self._stopped = self._stopped, (b"", [])
        return self._handle(*stopped)

    def catch_up(self) -> bytes:
        """Go on with what came meanwhile, unless something waits again."""
        return b"".join(self._caught_up())

    @property
    def stopped_bytes(self) -> int:
        """What is held of what goes on with `resume`."""
        return len(self._stopped[0])

    @property
    def longest(self) -> int:
        """Bytes of the longest message that was held in parts."""
        return self._reader.longest

    def drop(self) -> None:
        """Nothing is taken any more: forget what waits."""
        self._reader.drop()
        self.needs = self.aside = None
        self._stopped = (b"", [])
        self._done_aside.clear()
        self._backlog.clear()
        self._words.forget()
        self._lines.forget()
        self._copy = self._masker = None

    def _handle(self, chunk: bytes, frames: list[Frame]) -> bytes:
        out: list[bytes] = []
        position, count = 0, len(frames)
        while position < count:
            tag, start, end = frames[position]
            if tag not in _UNASKED and (question := self._state.question) is not None:
                out.append(self._to_us(question, tag, chunk[start:end]))
                position += 1
                continue
            if tag in _RUNS:
                run = _run(frames, position)
                masked = self._rows(chunk, run) if tag == _DATA_ROW else self._copy_rows(chunk, run)
                if masked is not None:
                    out.append(masked)
                    position += len(run)
            elif (handler := self._handlers.get(tag)) is None:
                raise ProtocolViolation(f"a message of type {tag:#04x} where there is none")
            else:
                if end - start > MAX_INLINE_BYTES and tag in _WORDS and not self._words.ready:
                    self.aside = functools.partial(self._words.prepare, tag, copied(chunk, start, end))
                replaced = None if self.waits else handler(chunk[start:end])
                if not self.waits:
                    out.append(chunk[start - 5 : end] if replaced is None else replaced)
                    position += 1
                    self._words.forget()
            if self.waits:
                self._stopped = (chunk, frames[position:])
                break
        self._lines.write()
        answer = b"".join(out)
        self._session.counters.bytes_out += len(answer)
        return answer

    def _masked_first(
        self, mask: Callable[[bytes, Sequence[Frame]], _Masked], chunk: bytes, frames: Sequence[Frame]
    ) -> _Masked | None:
        """What `mask` gives; None if that takes long, so that it has to be done aside first."""
        if self._done_aside:
            return self._done_aside.pop()
        if frames[0][2] - frames[0][1] <= MAX_INLINE_BYTES:
            return mask(chunk, frames)
        self.aside = lambda: self._done_aside.append(mask(chunk, frames))
        return None

    def _to_us(self, question: Question, tag: int, payload: bytes) -> bytes:
        """An answer to a question of ours. The client gets none of it, but for an error that its own batch fails by."""
        if tag == _ERROR:
            return self._failed_question(question, payload)
        take_answer(question, tag, payload, self._state)
        return b""

    def _failed_question(self, question: Question, payload: bytes) -> bytes:
        values = self._words.fields(payload)
        if values.get("V", values.get("S", "")) in _ENDING:
            return self._error(payload)
        question.failed = values.get("M", "")
        failed = self._state.failed()
        if failed is None or failed.kind is Kind.QUERY:
            return b""
        if failed.kind is Kind.CALL:
            question.error = self._words.message(b"E", values)
            self._lines.add("error", {"code": values.get("C", ""), "message": cut(question.failed)})
            return b""
        self._lines.add("error", {"code": values.get("C", ""), "message": cut(question.failed)})
        return self._words.message(b"E", values)

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _rows(self, chunk: bytes, frames: Sequence[Frame]) -> bytes | None:
        columns = self._state.row_columns()
        masker = self._row_masker(columns)
        done = self._masked_first(masker.masked, chunk, frames)
        if done is None:
            return None
        masked, recorded = done
        self._session.counters.rows += len(recorded)
        self._lines.rows(recorded, "" if columns is self._columns_recorded else masker.recorded_names)
        self._columns_recorded = columns
        return masked

    def _row_masker(self, columns: tuple[Column, ...]) -> RowMasker:
        """The last one, as long as columns and catalogue are the same."""
        generation = self._masked_columns.generation
        if self._masker is None or self._masker[0] is not columns or self._masker[1] != generation:
            self._masker = (columns, generation, self._masked_columns.row_masker(columns))
        return self._masker[2]

    def _row_description(self, payload: bytes) -> bytes | None:
        columns = self._descriptions.get(payload)
        if columns is None:
            columns = messages.read_row_description(payload)
            if not self._masked_columns.knows(columns):
                self.needs = columns
                return None
            if len(self._descriptions) >= MAX_DESCRIPTIONS:
                self._descriptions.clear()
            self._descriptions[payload] = columns
        self._columns_recorded = None
        return b"" if self._state.rows_described(columns).injected else None

    def _no_data(self, _: bytes) -> bytes | None:
        return b"" if self._state.rows_described(()).injected else None

    def _parameter_description(self, payload: bytes) -> None:
        self._state.parameters_described(read_parameter_description(payload))

    # --- COPY ---------------------------------------------------------------------------------------------------------

    def _copy_in(self, _: bytes) -> None:
        self._state.copy_in_began()
        self._lines.add("copy", {"direction": "in"})

    def _copy_out(self, payload: bytes) -> None:
        """CopyOutResponse: find out how the rows look, from the statement that asked for them."""
        overall, _ = messages.read_copy_response(payload)
        current = self._state.copy_out_began()
        statements = current.analysis.statements if current.analysis is not None else ()
        if current.kind is Kind.QUERY:
            statements = statements[current.index : current.index + 1]
        shapes = {each.copy_out for each in statements if each.copy_out is not None}
        if len(shapes) != 1 or overall != messages.TEXT:
            raise PolicyFault("Gatepass cannot tell how the rows of this COPY look, so it cannot mask them.")
        if self._may_be_recoded:
            raise PolicyFault(RECODED)
        shape = shapes.pop()
        rules = self._masked_columns.copy_rules(shape.schema, shape.table, shape.columns)
        self._copy = CopyMasker(shape, rules, self._session.masker)
        self._lines.add("copy", {"direction": "out"})

    def _copy_rows(self, chunk: bytes, frames: Sequence[Frame]) -> bytes | None:
        """CopyData: one row each."""
        copy = self._copy
        if copy is None:
            raise ProtocolViolation("COPY data where there is no COPY")

        done = self._masked_first(copy.masked, chunk, frames)
        if done is None:
            return None
        masked, text = done
        self._session.counters.rows += len(text)
        self._lines.rows(text)
        return masked

    def _copy_done(self, _: bytes) -> None:
        self._copy = None

    # --- the course of things -----------------------------------------------------------------------------------------

    def _parse_complete(self, _: bytes) -> None:
        self._state.parse_complete()

    def _bind_complete(self, _: bytes) -> None:
        self._state.bind_complete()

    def _close_complete(self, _: bytes) -> None:
        self._state.close_complete()

    def _done(self, _: bytes) -> None:
        self._state.completed()

    def _command_complete(self, payload: bytes) -> None:
        done = self._state.completed(payload.rstrip(b"\0").decode("ascii", "replace"))
        if done.analysis is not None:
            if done.analysis.is_ddl:
                self._masked_columns.expire(changed=True)
            self._may_be_recoded = self._may_be_recoded or may_recode(done.analysis, payload)
        self._lines.completed(payload)

    def _returned(self, payload: bytes) -> None:
        """The result of a function call that gives no data: those that give any are questions (object_reading)."""
        call = self._state.returned().call
        value = None if call is None else result_of(call, read_function_result(payload))
        if not isinstance(value, int):
            raise ProtocolViolation("a result of a function call that is none of its type")
        self._lines.add("returned", {"value": shown_number(str(value))})

    def _ready(self, payload: bytes) -> None:
        if payload not in {b"I", b"T", b"E"}:
            raise ProtocolViolation("an unknown transaction status")
        self._state.ready(payload)
        self._may_be_recoded = False
        if payload == b"I":
            self._masked_columns.committed(is_quiet=not self._state.outstanding)

    # --- words --------------------------------------------------------------------------------------------------------

    def _error(self, payload: bytes) -> bytes:
        values = self._words.fields(payload)
        fatal = values.get("V", values.get("S", "")) in _ENDING
        failed = None if fatal else self._state.failed()
        self._copy = None
        if failed is not None and failed.denial is not None:
            return failed.denial
        self.sent_fatal = self.sent_fatal or fatal
        self._lines.add("error", {"code": values.get("C", ""), "message": cut(values.get("M", ""))})
        return self._words.message(b"E", values)

    def _notice(self, payload: bytes) -> bytes:
        values = self._words.fields(payload)
        self._lines.add("notice", {"message": cut(values.get("M", ""))})
        return self._words.message(b"N", values)

    def _notification(self, payload: bytes) -> bytes:
        process, channel, text = messages.read_notification(payload)
        self._lines.add("notification", {"channel": self._words.masked(channel), "payload": self._words.masked(text)})
        return messages.notification(process, self._words.masked(channel), self._words.masked(text))

    def _parameter_status(self, payload: bytes) -> bytes:
        name, value = messages.read_parameter_status(payload)
        if name == "client_encoding" and not is_readable(value):
            raise PolicyFault(f"Gatepass cannot mask text in {value}. Use client_encoding UTF8.")
        if name == "client_encoding":
            self._state.told_encoding = value
        if name == "standard_conforming_strings":
            self._state.told_strings = value
        return messages.parameter_status(name, self._words.masked(value))


_DATA_ROW, _ERROR = ord("D"), ord("E")
#: What comes when it likes, whatever was asked.
_UNASKED = frozenset(map(ord, "NAS"))
#: Severities after which the server closes the connection.
_ENDING = frozenset({"FATAL", "PANIC"})
_RUNS = frozenset({_DATA_ROW, ord("d")})
#: What carries texts of any length, beside rows.
_WORDS = frozenset(map(ord, "ENAS"))


def _run(frames: Sequence[Frame], position: int) -> Sequence[Frame]:
    """The messages from `position` on that are masked together: of one type, and a long one alone."""
    tag, start, end = frames[position]
    last = position + 1
    if end - start <= MAX_INLINE_BYTES:
        while last < len(frames) and frames[last][0] == tag and frames[last][2] - frames[last][1] <= MAX_INLINE_BYTES:
            last += 1
    return frames[position:last]
