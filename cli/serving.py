"""`gatepass serve`: one process of the product, whole or one room of it, until it is told to stop."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncGenerator, Coroutine, Sequence
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Any, assert_never

import structlog

from access.addresses import Addresses
from access.deadlines import Deadlines
from access.identity.adoption import adopt
from access.in_force import follow_policy
from access.policy.errors import PolicyErrors
from access.policy.shapes.providers import SamlProvider
from bot.app import Bot
from bot.settings import BotSettings
from cli.pages import Pages
from cli.process import settle
from cli.runtime import NotReady, Runtime, runtime
from cli.settings import Settings, host_and_port
from cli.workers import Link, Workers
from proxy.errors import CannotListen, words_of
from proxy.place import ALONE, Place
from proxy.server import ProxyServer, ProxySettings
from proxy.ssh.host_key import keys_folder, public_key_file
from storage.audit.sequencer import Sequencer
from storage.database import StorageUnavailable
from storage.model import Protocol
from storage.rights import excess
from web.app import CannotServe, WebServer
from web.saml.keys import OwnKeys
from web.saml.xmlsec import lacking, load

#: How soon a policy that storage could not take is adopted again.
_ADOPT_RETRY_S = 1.0

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Room(StrEnum):
    BOT = "bot"
    PROXY = "proxy"
    WEB = "web"


async def serve(
    settings: Settings,
    rooms: Sequence[Room],
    *,
    adopt_policy: bool = False,
    workers: int = 1,
    link: int | None = None,
) -> None:
    """Serve these rooms until SIGTERM or SIGINT; SIGHUP reads the policy again.

    `adopt_policy`: the file's policy is meant even if it was in force before and was replaced. `workers`: how many
    processes the proxy has; with more than one they are others than this. `link`: this is one of them, and the
    descriptor of its line to the process that watches it. Raises NotReady, PolicyOutdated and whatever ends a room for
    good.
    """
    line = None if link is None else Link.open(link)
    if line is not None:
        structlog.contextvars.bind_contextvars(worker=line.place.index)
    crew = Workers(workers, _doors(settings)) if workers > 1 and Room.PROXY in rooms else None
    async with runtime(settings) as running:
        place = ALONE if line is None else line.place
        async with serving(running, rooms, adopt_policy=adopt_policy, crew=crew, place=place):
            if line is None:
                await until_signal()
            else:
                line.ready()
                await _first_of(until_signal(), line.lost())
            log.info("stopping")


@contextlib.asynccontextmanager
async def serving(
    running: Runtime,
    rooms: Sequence[Room],
    *,
    adopt_policy: bool = False,
    crew: Workers | None = None,
    place: Place = ALONE,
) -> AsyncGenerator[None]:
    """Serve these rooms for as long as the block lasts; it is entered when they are ready for people.

    The proxy is the crew's, if there is one. A room that fails for good ends the block with its exception.
    """
    if why := await excess(running.database):
        log.warning("storage_login_may_do_too_much", why=why)
    await adopt(running.access, starting=not adopt_policy)
    if unmasked := running.access.policies.current.unmasked_databases():
        log.warning("no_masked_columns", resources=unmasked, hint="name columns under masking: docs/policy.md")
    if Room.WEB in rooms:
        await _ready_for_saml(running)
    bot = await _bot(running) if Room.BOT in rooms else None
    proxy = _proxy(running, place) if Room.PROXY in rooms and crew is None else None
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in _common(running, crew)]
        if bot is not None:
            tasks.append(group.create_task(bot.run()))
        if proxy is not None:
            tasks.append(group.create_task(_proxy_listens(proxy.run())))
            await proxy.ready.wait()
        if crew is not None:
            tasks.append(group.create_task(_proxy_listens(crew.run())))
            await crew.ready.wait()
        if Room.WEB in rooms:
            pages = Pages(running.settings, addresses(running.settings))
            tasks.append(group.create_task(pages.keep_certificate()))
            web = WebServer(running.access, pages.settings, running.notices)
            tasks.append(group.create_task(_web_listens(web, pages.settings.health_listen)))
        settle()
        log.info("serving", **_facts(running, rooms), **({} if crew is None else {"workers": crew.count}))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def _ready_for_saml(running: Runtime) -> None:
    """The program that verifies signatures, and our own key, where the policy names a provider that needs them.

    Raises NotReady, KeyUnusable.
    """
    policy = running.access.policies.current
    if (why := lacking(policy)) is not None:
        raise NotReady(why[0].upper() + why[1:])
    if any(isinstance(provider, SamlProvider) for provider in policy.providers.values()):
        await OwnKeys.within(running.settings.home).get()
        await asyncio.to_thread(load)


async def _first_of(*waits: Coroutine[Any, Any, None]) -> None:
    """Return when one of them does."""
    tasks = [asyncio.ensure_future(each) for each in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _proxy_listens(running: Coroutine[Any, Any, None]) -> None:
    """Run the proxy; a port that is not to be had is the operator's to mend. Raises NotReady."""
    try:
        await running
    except CannotListen as error:
        raise NotReady(_no_port(*error.address, error.why, f"GATEPASS_{error.protocol.upper()}_LISTEN")) from error


async def _web_listens(web: WebServer, health: tuple[str, int]) -> None:
    """Run the pages and health, likewise. Raises NotReady."""
    try:
        await web.run()
    except CannotServe as error:
        variable = "GATEPASS_HEALTH_LISTEN" if error.listen == health else "GATEPASS_WEB_LISTEN"
        raise NotReady(_no_port(*error.listen, words_of(error.error), variable)) from error


def _no_port(host: str, port: int, why: str, variable: str) -> str:
    return f"Gatepass cannot listen on {host}:{port}: {why.lower()}. Free it, or set {variable} to another address."


def _facts(running: Runtime, rooms: Sequence[Room]) -> dict[str, Any]:
    """What an operator asks first: which version, under which policy, and where it listens."""
    settings, policy = running.settings, running.access.policies.current
    listens = {
        Room.BOT: dict[str, str](),
        Room.PROXY: {protocol.value: _listen(settings, protocol) for protocol in Protocol},
        Room.WEB: {"web": str(settings.origin), "web_listen": settings.web_listen, "health": settings.health_listen},
    }
    return {
        "version": version("gatepass"),
        "rooms": [room.value for room in rooms],
        "policy_file": str(settings.config),
        "policy": policy.hash,
        "resources": len(policy.resources),
        "people": len(policy.people),
        "rules": len(policy.policy),
        **{name: address for room in rooms for name, address in listens[room].items()},
    }


def _common(running: Runtime, crew: Workers | None) -> list[Coroutine[Any, Any, None]]:
    """What every process does whatever its rooms; storage sees to it that only one of them does each thing."""
    return [
        running.notices.run(),
        Sequencer(running.database, running.notices).run(),
        Deadlines(running.access, running.notices).run(),
        follow_policy(running.access, running.notices),
        _reload_on_hangup(running, crew),
    ]


def ca_file(settings: Settings) -> Path:
    """The certificate that clients verify the PostgreSQL port with."""
    return settings.home / "ca" / "ca.pem"


async def _bot(running: Runtime) -> Bot:
    settings = running.settings
    if settings.slack_bot_token is None or settings.slack_app_token is None:
        raise NotReady("Set SLACK_BOT_TOKEN and SLACK_APP_TOKEN, or serve the proxy alone: --only proxy.")
    bot = Bot(
        running.access,
        running.notices,
        BotSettings(
            bot_token=settings.slack_bot_token,
            app_token=settings.slack_app_token,
            api_base_url=settings.slack_api_base_url,
            addresses=addresses(settings),
            proxy=settings.slack_proxy,
        ),
    )
    await bot.preflight()
    return bot


def addresses(settings: Settings) -> Addresses:
    """What people type to connect."""
    return Addresses(
        ssh_host=settings.public_host,
        ssh_port=settings.ssh_port,
        postgres_host=settings.public_host,
        postgres_port=settings.postgres_port,
        kubernetes_host=settings.public_host,
        kubernetes_port=settings.kubernetes_port,
        ca_file=settings.public_ca_file,
        ssh_host_key_file=public_key_file(keys_folder(settings.home)),
    )


def _proxy(running: Runtime, place: Place) -> ProxyServer:
    settings = running.settings
    return ProxyServer(
        running.access,
        running.notices,
        ProxySettings(
            listen=_doors(settings),
            hosts=tuple(dict.fromkeys((settings.public_host, "localhost", "127.0.0.1", "::1"))),
            home=settings.home,
            recordings=settings.recordings,
            place=place,
        ),
    )


def _doors(settings: Settings) -> dict[Protocol, tuple[str, int]]:
    """Where the proxy listens, for each protocol."""
    return {protocol: host_and_port(_listen(settings, protocol)) for protocol in Protocol}


def _listen(settings: Settings, protocol: Protocol) -> str:
    """Where to listen for a protocol, host:port."""
    match protocol:
        case Protocol.SSH:
            return settings.ssh_listen
        case Protocol.POSTGRES:
            return settings.postgres_listen
        case Protocol.KUBERNETES:
            return settings.kubernetes_listen
        case _:
            assert_never(protocol)


async def until_signal() -> None:
    """Return when somebody asks the process to stop."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, asked.set)
    await asked.wait()


async def _reload_on_hangup(running: Runtime, crew: Workers | None) -> None:
    """Read the policy again on SIGHUP; a file with errors keeps the old policy and says so."""
    hung_up = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hung_up.set)
    while True:
        await hung_up.wait()
        hung_up.clear()
        if crew is not None:
            crew.hang_up()
        try:
            policy = running.access.policies.reload()
        except PolicyErrors as errors:
            log.error("policy_kept", why="the new file has errors", errors=[str(each) for each in errors.errors])  # noqa: TRY400
            continue
        await _adopt(running)
        log.info("policy_reloaded", policy=policy.hash)


async def _adopt(running: Runtime) -> None:
    """Make storage agree with the policy in force, however long storage takes: who left it must lose what they had."""
    while True:
        try:
            await adopt(running.access)
        except StorageUnavailable as error:
            log.warning("policy_not_adopted_yet", why=str(error))
            await asyncio.sleep(_ADOPT_RETRY_S)
        else:
            return
