"""The targets: a function that raises where a promise is broken, inputs to begin with, and words of the language."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from access.certificates import reading
from access.certificates.reading import NoRequest, NotOurs
from access.identity.credentials import short_token
from access.policy.labels import UNPARSEABLE
from access.visible import visible
from fuzz import clusters
from proxy.masking.from_policy import DEFAULT_RULES
from proxy.masking.rules import Masker
from proxy.masking.scan import Scan
from proxy.masking.stream import StreamMasker
from proxy.postgres.protocol import messages, parameters, startup, values
from proxy.postgres.protocol.copy_format import CopyOut
from proxy.postgres.protocol.frames import FrameReader, ProtocolViolation
from proxy.postgres.protocol.scram import ScramClient, ScramFailed
from proxy.postgres.relay.rows.rows import RowMasker
from proxy.postgres.sql.analysis import analyse
from proxy.shell.readings import joined
from proxy.showing.shell import facts_of, show_command
from proxy.showing.sql import show_statements
from proxy.ssh.channels.command_line import CommandLine
from proxy.ssh.files.broken import BrokenProtocol
from proxy.ssh.files.file_event import FileEvent
from proxy.ssh.files.scp_conversation import ScpConversation
from proxy.ssh.files.sftp_conversation import Found, SftpConversation


@dataclass(frozen=True)
class Target:
    """What is fed, and what leads the way."""

    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...] = ()
    words: tuple[bytes, ...] = ()


#: Of the form that the authority for clients has, whose key nobody has: nothing is signed by it.
_KEY = ec.generate_private_key(ec.SECP256R1())
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Gatepass client CA")])
_AUTHORITY = (
    x509.CertificateBuilder()
    .subject_name(_NAME)
    .issuer_name(_NAME)
    .public_key(_KEY.public_key())
    .serial_number(1)
    .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
    .sign(_KEY, hashes.SHA256())
)
_REQUEST = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(_KEY, hashes.SHA256())
_LIMIT = 1 << 16
_CARD = b"4111 1111 1111 1111"
_TYPES = (16, 17, 20, 21, 23, 25, 114, 700, 701, 1007, 1009, 1082, 1114, 1700, 2249, 2950, 3802)


def _credentials(data: bytes) -> None:
    """What is no certificate, no request for one and no short token is refused, and by nothing else than that."""
    with suppress(NotOurs):
        reading.claims_authority(data, _AUTHORITY)
        reading.read(data, _AUTHORITY)
        raise AssertionError("somebody's certificate is ours")
    text = data.decode("latin-1")
    with suppress(NoRequest):
        reading.key_of_request(text)
    if short_token.is_whole(text):
        assert short_token.is_meant(text)
        short_token.hashed(text)


def _frames(data: bytes) -> None:
    """Messages are the same however the stream is cut; a length that cannot be is refused."""
    cut, stream = data[:4], data[4:]
    edges = [0, *sorted(each * len(stream) // 256 for each in cut), len(stream)]
    (whole, refused), (cut_up, also) = (
        _read([stream]),
        _read([stream[start:end] for start, end in pairwise(edges)]),
    )
    # Messages that arrived together with an impossible one are refused with it.
    assert cut_up[: len(whole)] == whole if refused else cut_up == whole, (whole, cut_up)
    assert refused == also, (whole, cut_up)


def _read(pieces: list[bytes]) -> tuple[list[tuple[int, bytes]], bool]:
    reader = FrameReader(_LIMIT)
    found: list[tuple[int, bytes]] = []
    for piece in pieces:
        try:
            chunk, frames = reader.feed(piece)
        except ProtocolViolation:
            return found, True
        found += [(tag, chunk[start:end]) for tag, start, end in frames]
    return found, False


_READERS: tuple[Callable[[bytes], object], ...] = (
    messages.read_query,
    messages.read_parse,
    messages.read_bind,
    messages.read_target,
    messages.read_execute,
    messages.read_row_description,
    messages.read_data_row,
    messages.read_fields,
    messages.read_copy_response,
    messages.read_parameter_status,
    messages.read_notification,
    messages.read_password,
    parameters.read_parse_types,
    parameters.read_parameter_description,
    parameters.read_bind_values,
    startup.read_packet,
)


def _messages(data: bytes) -> None:
    """Every reader takes every payload, or says that the protocol has none like it."""
    for read in _READERS:
        with suppress(ProtocolViolation):
            read(data)
    with suppress(ProtocolViolation):
        startup.packet_length(data[:4])
    with suppress(ScramFailed):
        ScramClient(nonce="n").final(data.replace(b"i=1", b"i=0"), "secret")


def _values(data: bytes) -> None:
    """Binary values of every type are read, or are none; what is masked is one row of as many cells."""
    for type_oid in _TYPES:
        values.decoded(data, type_oid)
        values.readable(data, type_oid)
        list(values.embedded_numbers(data, type_oid))
    chunk = messages.data_row([data])
    for type_oid in _TYPES:
        for form in (messages.TEXT, messages.BINARY):
            rows = RowMasker([messages.Column("c", 0, 0, type_oid, form)], [None], Masker(DEFAULT_RULES))
            with suppress(ProtocolViolation):
                masked, _ = rows.mask(chunk, [(chunk[0], 5, len(chunk))])
                assert len(messages.read_data_row(masked[5:])) == 1


def _copy(data: bytes) -> None:
    """A line of COPY keeps its cells when it is cut and joined again."""
    for form in (CopyOut(), CopyOut(format="csv", delimiter=b",", null=b""), CopyOut(delimiter=b"|", null=b"")):
        try:
            cells = form.split(data)
        except ProtocolViolation:
            continue
        assert form.split(form.join(cells)) == cells, (form, cells)


def _masking(data: bytes) -> None:
    """A stream is masked as its whole is, however it is cut."""
    cut, text = data[:4], data[4:]
    edges = [0, *sorted(each * len(text) // 256 for each in cut), len(text)]
    masker = Masker(DEFAULT_RULES)
    stream = StreamMasker(masker, max_held=_LIMIT)
    cut_masked = b"".join(stream.feed(text[start:end]) for start, end in pairwise(edges)) + stream.flush(final=True)
    whole = masker.bytes(text)
    assert cut_masked == whole, (cut_masked, whole)


def _shell(data: bytes) -> None:
    """A command line is judged and shown whole, or it is unreviewable; what is shown runs the same commands."""
    line = CommandLine.of(data)
    facts = line.facts()
    line.refusal(facts)
    if not line.is_utf8:
        return
    shown = show_command(line.text)
    # What cannot be seen is shown as its code, for eyes: a tab as `\\t`, which bash would read as a letter.
    if visible(line.text) == line.text and not shown.unreviewable and UNPARSEABLE not in facts[0].labels:
        # The rules are asked about every way in which a continued line may be read; people see the one of bash.
        runs = {label for label in facts_of(joined(line.text))[0].labels if label.startswith("command:")}
        assert runs <= facts_of(shown.text)[0].labels, (line.text, shown.text)


def _sql(data: bytes) -> None:
    """A query string is judged and shown, statement by statement."""
    judged, shown = analyse(data), show_statements(data)
    assert len(judged) == len(shown), (judged, shown)


_LINES = (
    b"ls -l | grep x && sudo systemctl restart nginx > /dev/null 2>&1",
    b"mysql -ps3cret -e 'select 1'; bash -c 'rm -rf \"$x\"' <<E\na $(id)\nE",
    b"for i in $(seq 3); do echo ${i:-x} `id`; done; case $x in a) b;; esac",
    b'PGPASSWORD=abc env -i X=1 timeout 5 psql -c "select 1" <(id) $((1+2)) {a,b} # token=x',
)
_STATEMENTS = (
    b"select * from customers where id = 4711 and name = 'x' -- c",
    b"with a as (delete from t using s where t.i = s.i returning *) insert into u select 1 on conflict do nothing",
    b"do $$ begin execute 'drop table t'; end $$; create function f() returns int language sql as 'select 1'",
    b"merge into t using s on t.i = s.i when matched then update set a = 1 when not matched then insert values (1)",
    b"copy (select 1) to program 'cat'; explain (analyze) execute p(1); set role admin; grant all on t to bob",
)


def _sftp(data: bytes) -> None:
    """Packets pass as they came, but for the version that is offered, until somebody breaks the protocol."""
    talk = SftpConversation(lambda _: None, lambda: Scan(Masker(DEFAULT_RULES)), lambda _: None)
    asked = answered = b""
    with suppress(BrokenProtocol, Found):
        for turn, piece in enumerate(data.split(b"|")):
            if turn % 2:
                answered += piece
                passed = talk.upstream(piece)
                if b"Failure" in passed:
                    # What goes by a handle that is not open is answered by Gatepass.
                    break
                assert answered.startswith(passed), (answered, passed)
                answered = answered[len(passed) :]
            else:
                asked += piece
                passed = talk.client(piece)
                assert len(passed) <= len(asked), (asked, passed)
                asked = asked[len(passed) :]
    talk.finish()


def _scp(data: bytes) -> None:
    """However it is cut, the same files are told of, or the protocol is broken."""
    whole, cut_up = (_told_by_scp(data, size) for size in (1 << 16, 1))
    assert whole == cut_up, (whole, cut_up)


def _told_by_scp(data: bytes, size: int) -> tuple[list[FileEvent], bool]:
    events: list[FileEvent] = []
    scp = ScpConversation(events.append, host_sends=True)
    try:
        for turn, piece in enumerate(data.split(b"|")):
            for at in range(0, len(piece), size):
                (scp.client if turn % 2 else scp.upstream)(piece[at : at + size])
    except BrokenProtocol:
        return events, True
    return events, False


TARGETS: dict[str, Target] = {
    "requests": Target(
        clusters.requests,
        (
            b"\0/prod/api/v1/namespaces/a/pods?watch=1&fieldSelector=metadata.name%3Dweb\0application/json;as=Table;v=v1;g=meta.k8s.io",
            b"\1/admin@prod/api/v1/namespaces/a/pods/web/exec?command=sh&stdin=true&tty=1\0*/*;q=0.8",
            b'\4/prod/apis/apps/v1/namespaces/a/deployments/web?dryRun=All\0application/yaml\0{"dryRun":["All"]}',
            b"\0/prod/api/v1/proxy/nodes/https:n:1/x/\0",
        ),
        (
            b"%2F",
            b"%3A",
            b"/proxy",
            b"/watch",
            b"/namespaces/",
            b"/apis/",
            b"..",
            b"dryRun=All",
            b"+",
            b";",
            b"Impersonate-",
        ),
    ),
    "streams": Target(
        clusters.streams,
        (
            b"\x40\x80\xc0\xf0"
            + bytes.fromhex(
                "80030001000000290000000100000000000078f9e3c6a7c26260606004a7b392a2d4c45c6851c29a0a0a6800000000ffff"
                "000000010000000668656c6c6f0a80030007000000080000000500000000"
            ),
            b'\x04{"Width":80,"Height":24}',
            b'{"Width":80,"Height":24}\n{"Height":1,"Width":1}',
            b'{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}',
        ),
        (b"\x80\x03\0", b"\xff\0", b'"Success"', b'"Width":', b'"Height":'),
    ),
    "credentials": Target(
        _credentials,
        (
            _AUTHORITY.public_bytes(serialization.Encoding.DER),
            _REQUEST.public_bytes(serialization.Encoding.PEM),
            short_token.new().encode(),
        ),
        (b"gp1_", b"gatepass://read@db/", b"-----BEGIN CERTIFICATE REQUEST-----"),
    ),
    "sftp": Target(
        _sftp,
        (
            (
                b"\0\0\0\x05\x01\0\0\0\x03|\0\0\0\x05\x02\0\0\0\x03|\0\0\0\x12\x03\0\0\0\x01\0\0\0\1x\0\0\0\1\0\0\0\0|"
                b"\0\0\0\x0a\x66\0\0\0\x01\0\0\0\1h|\0\0\0\x16\x05\0\0\0\x02\0\0\0\1h\0\0\0\0\0\0\0\0\0\0\0\x09|"
                b"\0\0\0\x0b\x67\0\0\0\x02\0\0\0\2hi|\0\0\0\x0a\x04\0\0\0\3\0\0\0\1h|"
            ),
        ),
        (b"posix-rename@openssh.com", b"copy-data", b"|"),
    ),
    "scp": Target(
        _scp, (b"|\0|C0644 3 x\n|\0|abc\0|\0|D0755 0 d\n|\0|E\n|\0|\1no\n", b"|\0|T1 0 1 0\n|\0"), (b"C0644 ", b"|\0|")
    ),
    "frames": Target(_frames, (b"\x10\x40\x80\xc0Q\0\0\0\x0aselect\0S\0\0\0\x04", b"\0\0\0\0Z\0\0\0\x05I")),
    "messages": Target(
        _messages,
        (
            *(
                b"p\0s\0\0\1\0\1\0\1\0\0\0\1a\0\1\0\1",
                b"s\0select $1\0\0\1\0\0\0\x17",
                b"\0\2\0\0\0\1a\xff\xff\xff\xff",
            ),
            *(b"SERROR\0C42601\0Mno\0\0", b"\0\0\0\x10\0\3\0\0user\0a\0\0", b"r=nx,s=QSXCR+Q6sek8bf92,i=0"),
            b"\0\1id\0\0\0\0\0\0\0\0\0\0\x17\0\4\xff\xff\xff\xff\0\0",
        ),
    ),
    "values": Target(
        _values, (_CARD, b'{"a": "4111111111111111"}', b"{1,2,NULL}", b"\0\0\0\1\0\0\0\x17\0\0\0\4\0\0\0\1")
    ),
    "copy": Target(_copy, (b"a\t\\N\tb\\tc\n", b'1,"a ""b""",\n', b"\\.\n")),
    "masking": Target(
        _masking,
        (
            b"\x20\x40\x60\x80paid " + _CARD + b" cvv: 123 bob@example.com\n",
            b"\0\0\0\0password=hunter2 eyJhbGciOi.e30.x",
            # In patterns that try all ways each of these takes a time that is a power of its length.
            b"\0\0\0\0\xc3\xa9 " + _CARD + b" \x1b[" + b"\x02" * 600 + b"z",
            b"\0\0\0\0" + (_CARD + b"\x1b]x") * 40,
            b"\0\0\0\0" + (b"\x1b]-----BEGIN \x07" * 16 + b"A") * 4,
        ),
        (_CARD, b"cvv", b"password=", b"@", b"-----BEGIN PRIVATE KEY-----", b"ghp_", b"AKIA", b"\x1b[1m", b"DE89"),
    ),
    "shell": Target(
        _shell,
        _LINES,
        (
            b"$(",
            b"<<E",
            b"'",
            b'"',
            b"&&",
            b"sudo ",
            b"bash -c ",
            b"token=",
            b"-p",
            b"eval ",
            b"\\\n",
            b"${",
            b"((",
            b"[[",
        ),
    ),
    "sql": Target(
        _sql,
        _STATEMENTS,
        (
            b"select ",
            b"delete from ",
            b"$$",
            b"'",
            b"E'",
            b"--",
            b"/*",
            b"*/",
            b";",
            b"::",
            b"execute ",
            b"copy ",
            b"U&'",
        ),
    ),
}
