"""The web room: a port for health in plain HTTP, and one for the pages that people sign in to, with
the API of their command lines."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator

import aiohttp
from aiohttp import web

from access.context import Access
from storage.notices import Notices
from web.api import answers
from web.api.door import ApiDoor
from web.api.mine import MineApi
from web.api.requests import RequestsApi
from web.api.sign_in import SignInApi
from web.api.ssh import SshApi
from web.api.touches import TouchesApi
from web.door import guard, headers
from web.health import Health
from web.pages import failures, rendering
from web.pages.asking import AskPages
from web.pages.command_line import CommandLinePages
from web.pages.connect import ConnectPages
from web.pages.files import Files
from web.pages.keys import KeyPages
from web.pages.link import LinkPages
from web.pages.my_access import MyAccess
from web.pages.reviewing import ReviewPages
from web.pages.saml import FROM_PROVIDERS, SamlPages
from web.pages.sign_in import BACK_CHANNEL, SignInPages
from web.pages.signing_in import SigningIn
from web.pages.ssh.keys import SshKeyPages
from web.pages.ssh.let_in import LetInPages
from web.pages.touching import Touching
from web.pages.wanted_touch import WantedTouchPages
from web.providers import Providers
from web.scim import PROVISIONING
from web.settings import WebSettings

#: No form of ours is larger, and no provider's logout.
MAX_BODY_BYTES = 64 * 1024
#: How long answers that are on their way may take at the end.
_DRAIN_S = 3.0


class CannotServe(Exception):
    """A port is not to be had: `listen` is the address, and the message why."""

    def __init__(self, listen: tuple[str, int], error: OSError) -> None:
        super().__init__(str(error))
        self.listen = listen
        self.error = error


class WebServer:
    """Serves both ports until it is cancelled."""

    def __init__(self, access: Access, settings: WebSettings, notices: Notices) -> None:
        self._access = access
        self._notices = notices
        self._settings = settings

    async def run(self) -> None:
        """Serve until cancelled. Raises CannotServe."""
        settings = self._settings
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(_served(self.health(), settings.health_listen))
            session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
            pages = self.pages(session)
            await stack.enter_async_context(_served(pages, settings.pages_listen, tls=settings.tls))
            await asyncio.Event().wait()

    def health(self) -> web.Application:
        """What anybody may ask, whoever they are."""
        application = web.Application()
        headers.put_on(application, {})
        told = Health(self._access, ca_file=self._settings.ca_file, ssh_host_key_file=self._settings.ssh_host_key_file)
        application.add_routes(told.routes())
        return application

    def pages(self, session: aiohttp.ClientSession) -> web.Application:
        """What people see; `session` is the client by which providers are asked."""
        from web.scim.endpoints import Provisioning  # noqa: PLC0415 - its library is slow to load, and no command needs it

        settings = self._settings
        application = web.Application(
            middlewares=[
                failures.middleware(),
                answers.middleware(),
                guard.middleware(self._access, settings, unguarded=_is_no_browsers),
            ],
            client_max_size=MAX_BODY_BYTES,
        )
        headers.put_on(application, headers.of(settings.origin))
        rendering.set_up(application)
        door, touching = ApiDoor(self._access), Touching(self._access, settings.origin)
        providers = Providers(self._access, session, base=str(settings.origin), home=settings.home)
        signing_in = SigningIn(self._access, providers)
        saml = SamlPages(self._access, signing_in)
        for room in (
            SignInPages(self._access, signing_in, saml, settings.origin),
            saml,
            MyAccess(self._access, settings.addresses),
            LinkPages(self._access),
            ConnectPages(self._access, settings.addresses, touching),
            WantedTouchPages(self._access, touching, settings.proxies),
            KeyPages(self._access, touching),
            SshKeyPages(self._access, touching),
            LetInPages(self._access, touching, settings.proxies),
            ReviewPages(self._access, touching),
            AskPages(self._access, touching),
            CommandLinePages(self._access),
            SignInApi(self._access, door, settings.origin, settings.ca_file),
            MineApi(self._access, door, settings),
            SshApi(self._access, door, settings),
            RequestsApi(self._access, door, self._notices),
            TouchesApi(self._access, door, self._notices),
            Provisioning(self._access, settings.origin),
            Files(),
        ):
            application.add_routes(room.routes())
        return application


def _is_no_browsers(request: web.Request) -> bool:
    names = {BACK_CHANNEL, PROVISIONING, *FROM_PROVIDERS}
    return answers.is_for_programs(request) or request.match_info.route.name in names


@contextlib.asynccontextmanager
async def _served(
    application: web.Application, listen: tuple[str, int], tls: ssl.SSLContext | None = None
) -> AsyncGenerator[None]:
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_DRAIN_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, *listen, ssl_context=tls).start()
        except OSError as error:
            raise CannotServe(listen, error) from error
        yield
    finally:
        await runner.cleanup()
