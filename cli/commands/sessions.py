"""`gatepass sessions …`: what happened in sessions, and their recordings played again.

Reading a recording is itself an event of the audit log (PCI DSS 10.2.1.3).
"""

import asyncio
import re
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import String, cast, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.policy.values.duration import format_duration
from access.visible import visible_line
from cli import runtime
from cli.replay import play, player
from cli.settings import Settings
from storage.audit import trail
from storage.database import Database
from storage.model import AccessRequest, Grant, Principal, RecordingSegment, Session, Statement
from storage.recordings import files, formats, segments

#: What an id may begin with.
_PREFIX = re.compile(r"[0-9A-Fa-f-]*")

app = typer.Typer(help="Sessions and their recordings.", no_args_is_help=True)


@app.command("list")
def list_sessions(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 30,
) -> None:
    """List sessions, newest first."""
    asyncio.run(_list(Settings.load(), limit))


@app.command("show")
def show(session: Annotated[str, typer.Argument(help="The session's id, or its first characters.")]) -> None:
    """Show one session: who, what, under whose approval, what it did and how it ended."""
    raise typer.Exit(asyncio.run(_show(Settings.load(), session)))


@app.command("replay")
def replay(
    session: Annotated[str, typer.Argument(help="The session's id, or its first characters.")],
    speed: Annotated[float, typer.Option(min=0, help="Times as fast; 0 prints it all at once.")] = 1.0,
    raw: Annotated[
        bool,
        typer.Option("--raw", help="Write the recorded bytes as they are: they may do anything to this terminal."),
    ] = False,
) -> None:
    """Play a session's recording: a terminal's as it looked, SQL as statements and masked rows.

    Sequences that do more than draw (set the clipboard, ask the terminal) are left out, unless --raw.
    """
    raise typer.Exit(asyncio.run(_replay(Settings.load(), session, speed, raw=raw)))


async def _list(settings: Settings, limit: int) -> None:
    async with runtime.existing_database(settings) as database, database.transaction() as transaction:
        rows = await transaction.execute(
            select(Session, Grant, Principal)
            .join(Grant, col(Grant.id) == col(Session.grant_id))
            .join(Principal, col(Principal.id) == col(Grant.principal_id))
            .order_by(col(Session.started_at).desc())
            .limit(limit)
        )
        table = Table("session", "who", "door", "started (UTC)", "length", "ended", "statements", "masked", box=None)
        for session, grant, principal in rows.all():
            table.add_row(
                str(session.id)[:8],
                principal.name,
                f"{grant.role}@{grant.resource}",
                f"{session.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
                _length(session),
                session.end_reason.value if session.end_reason else "live",
                str(sum(session.statements.values())),
                str(sum(session.masked.values())),
            )
    Console().print(table)


async def _show(settings: Settings, wanted: str) -> int:
    async with runtime.existing_database(settings) as database:
        async with database.transaction() as transaction:
            session = await _find(transaction, wanted, _storage(settings))
            if session is None:
                return 1
            facts = await _facts(transaction, session)
        await _audit_reading(database, session, "show")
    table = Table(box=None, show_header=False)
    for name, value in facts:
        table.add_row(name, Text(visible_line(value)))
    Console().print(table)
    return 0


async def _facts(transaction: AsyncSession, session: Session) -> list[tuple[str, str]]:
    grant = await transaction.get_one(Grant, session.grant_id)
    request = await transaction.get_one(AccessRequest, grant.request_id)
    who = await transaction.get_one(Principal, grant.principal_id)
    by = await transaction.get(Principal, request.decided_by) if request.decided_by else None
    refused = await transaction.scalars(select(Statement).where(col(Statement.session_id) == session.id))
    return [
        ("session", str(session.id)),
        ("who", f"{who.name} ({who.kind.value}) from {session.client_address} {session.client_software}"),
        ("door", f"{grant.role}@{grant.resource} ({session.protocol.value})"),
        ("reason", request.reason),
        ("approved by", by.name if by else f"policy rule {request.rule}"),
        ("started", f"{session.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, for {_length(session)}"),
        ("ended", f"{session.end_reason or 'still live'} {session.end_detail}".strip()),
        ("statements", _counts(session.statements)),
        ("rows", str(session.rows)),
        ("masked", _counts(session.masked)),
        ("held, denied", f"{session.held}, {session.denied}"),
        ("recording", session.recording_root or "not closed yet"),
        *((f"{each.state or each.verdict}", f"{each.text} (rule {each.rule})") for each in refused),
    ]


async def _replay(settings: Settings, wanted: str, speed: float, *, raw: bool) -> int:
    async with runtime.existing_database(settings) as database:
        async with database.transaction() as transaction:
            session = await _find(transaction, wanted, _storage(settings))
            if session is None:
                return 1
            known = await segments.of(transaction, session.id)
        await _audit_reading(database, session, "replay")
    folder = files.session_folder(session.id, session.started_at)
    found = await asyncio.to_thread(files.segments, settings.recordings, folder)
    if not found:
        typer.echo(f"The recording of session {session.id} is not below {settings.recordings}.", err=True)
        return 1
    try:
        files.check_chain(settings.recordings, found)
        _check_committed(known, found)
        records = files.records(settings.recordings, [segment.path for segment in found])
        play(records, player(formats.format_of(session.protocol), raw=raw), speed)
    except files.RecordingDamaged as damage:
        typer.echo(f"The recording is not what was committed to: {damage}", err=True)
        return 1
    return 0


def _check_committed(known: list[RecordingSegment], found: list[files.SegmentFile]) -> None:
    """Compare the files with the hashes in storage. What the audit log says of them is not looked at here."""
    hashes = {segment.number: segment.sha256 for segment in found}
    for row in known:
        if hashes.get(row.number) != row.sha256:
            raise files.RecordingDamaged(f"segment {row.path} has changed.")


async def _find(transaction: AsyncSession, wanted: str, storage: str) -> Session | None:
    """The one session whose id starts with `wanted`; says so when there is none or several."""
    starting = select(Session).where(cast(col(Session.id), String).startswith(wanted.lower())).limit(2)
    found = (await transaction.scalars(starting)).all() if _PREFIX.fullmatch(wanted) else []
    if len(found) == 1:
        return found[0]
    several = "Several sessions start with" if found else "No session's id starts with"
    typer.echo(f"{several} {wanted!r} in {storage}. `gatepass sessions list` shows those that are there.", err=True)
    return None


def _storage(settings: Settings) -> str:
    """Which storage was asked, without its password."""
    if settings.database_url is None:
        return f"the storage below {settings.home} (GATEPASS_HOME names another)"
    url = make_url(settings.database_url.get_secret_value())
    return f"database {url.database} on {url.host or url.query.get('host', 'this host')} (DATABASE_URL names another)"


async def _audit_reading(database: Database, session: Session, how: str) -> None:
    async with database.transaction() as transaction:
        await trail.record(
            transaction,
            actor=runtime.operator(),
            action=f"cli:session:{how}",
            resource=str(session.id),
            session=session.id,
            grant=session.grant_id,
        )


def _length(session: Session) -> str:
    until = session.ended_at or datetime.now(UTC)
    return format_duration(max(1, round((until - session.started_at).total_seconds())))


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"
