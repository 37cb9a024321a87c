"""The parts every command needs, put together once: storage that is migrated, the policy, the keys, the notices."""

import contextlib
import os
import pwd
import stat
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from pydantic import SecretStr

from access.certificates.authority import ClientAuthority
from access.context import Access
from access.policy.file import PolicyFile
from access.tokens import TokenKeys
from cli.settings import Settings
from proxy.masking.rules import DEFAULT_RULES, Masker
from storage.database import PROGRAM_ROLE, Database
from storage.embedded.server import Embedded
from storage.migrate import migrate, pending
from storage.notices import Notices


class NotReady(Exception):
    """The program cannot start as it is set up: the message says what is amiss and which command mends it."""


def operator() -> str:
    """Who runs this command, as the audit log names them: the account, which no variable of the environment changes."""
    uid = os.getuid()
    try:
        return f"operator:{pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"operator:{uid}"  # As in a container that runs under any number.


@dataclass(frozen=True)
class Runtime:
    """One process's storage, rules and notices."""

    settings: Settings
    access: Access
    notices: Notices

    @property
    def database(self) -> Database:
        return self.access.database


@contextlib.asynccontextmanager
async def storage_dsn(settings: Settings) -> AsyncGenerator[SecretStr]:
    """DATABASE_URL, or the embedded server for as long as the block lasts, migrated.

    Raises NotReady when one's own database lacks migrations.
    """
    if settings.database_url is not None:
        await _check_migrated(settings.database_url.get_secret_value())
        yield settings.database_url
        return
    home(settings)
    embedded = Embedded(settings.home / "postgres")
    dsn = embedded.start()
    try:
        await migrate(dsn)
        yield SecretStr(await embedded.ensure_login(PROGRAM_ROLE))
    finally:
        embedded.stop()


def home(settings: Settings) -> None:
    """Make the folder that holds keys and recordings, for its owner alone.

    Raises NotReady for one that cannot be had, and for one in which others may put and replace files.
    """
    folder = settings.home
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise NotReady(f"The folder {folder} cannot be made ({why}). Set GATEPASS_HOME.") from error
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise NotReady(f"{folder} is not a folder this process can write to. Set GATEPASS_HOME.")
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise NotReady(
            f"Others than its owner may write to {folder} (mode {mode:04o}), where keys and recordings are. "
            f"Set GATEPASS_HOME to a folder of its own, or `chmod 700 {folder}`."
        )


@contextlib.asynccontextmanager
async def existing_database(settings: Settings) -> AsyncGenerator[Database]:
    """Storage that is there already, for commands that look at it: none is made, and none is migrated.

    Raises NotReady when there is none, or when it lacks migrations.
    """
    embedded = Embedded(settings.home / "postgres")
    if settings.database_url is None and not embedded.exists:
        raise NotReady(
            f"There is no Gatepass storage in {settings.home.absolute()}. Set GATEPASS_HOME to the folder of the "
            "Gatepass that serves (`gatepass demo` keeps its own in .gatepass/demo), or DATABASE_URL to its database."
        )
    with embedded if settings.database_url is None else contextlib.nullcontext():
        dsn = embedded.program_dsn if settings.database_url is None else settings.database_url.get_secret_value()
        await _check_migrated(dsn)
        opened = Database(dsn)
        try:
            yield opened
        finally:
            await opened.close()


async def _check_migrated(dsn: str) -> None:
    if missing := await pending(dsn):
        raise NotReady(f"The database lacks migrations ({', '.join(missing)}). Run `gatepass migrate` first.")


@contextlib.asynccontextmanager
async def database(settings: Settings) -> AsyncGenerator[Database]:
    """Storage alone, made and migrated where it is the embedded one."""
    async with storage_dsn(settings) as dsn:
        opened = Database(dsn.get_secret_value())
        try:
            yield opened
        finally:
            await opened.close()


@contextlib.asynccontextmanager
async def runtime(settings: Settings) -> AsyncGenerator[Runtime]:
    """Everything a serving process stands on. Raises NotReady, PolicyErrors, StorageUnavailable."""
    home(settings)
    policies = PolicyFile(settings.config)
    async with database(settings) as opened:
        yield Runtime(settings, _access(settings, policies, opened), Notices(opened))


@contextlib.asynccontextmanager
async def existing_access(settings: Settings) -> AsyncGenerator[Access]:
    """Storage that is there already, and the policy file, for commands that change something beside what serves.

    Raises NotReady, PolicyErrors.
    """
    if not settings.config.exists():
        raise NotReady(
            f"There is no policy at {settings.config.absolute()}. Set GATEPASS_CONFIG to that of the Gatepass that "
            "serves (`gatepass demo` keeps its own in .gatepass/demo/gatepass.yml)."
        )
    policies = PolicyFile(settings.config)
    async with existing_database(settings) as opened:
        yield _access(settings, policies, opened)


def _access(settings: Settings, policies: PolicyFile, database: Database) -> Access:
    return Access(
        database=database,
        policies=policies,
        redact=Masker(DEFAULT_RULES).redact,
        keys=TokenKeys(settings.home / "keys"),
        pages=str(settings.origin),
        client_authority=ClientAuthority(settings.home / "client-ca"),
    )
